// The playground with streaming: sends the form by fetch, reads server-sent events, shows deltas.
// The server keeps the conversation, so only the new message travels.
import { render } from "./markdown.js";

const form = document.getElementById("composer");
const input = form.elements.namedItem("message");
const log = document.getElementById("log");
const turns = document.getElementById("turns");
const spoken = document.getElementById("spoken");
const sendButton = document.getElementById("send");
const stopButton = document.getElementById("stop");
const template = document.getElementById("answer-template");

const LONG = 30_000;
let running = null;

const atBottom = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
const toBottom = () => {
  log.scrollTop = log.scrollHeight;
};

function addSaid(text) {
  const item = document.createElement("li");
  item.className = "said";
  const who = document.createElement("span");
  who.className = "visually-hidden";
  who.textContent = "You: ";
  item.append(who, text);
  turns.append(item);
}

function addAnswer() {
  const item = template.content.firstElementChild.cloneNode(true);
  turns.append(item);
  return {
    item,
    text: item.querySelector(".text"),
    meta: item.querySelector(".meta"),
    content: "",
    usage: null,
    trouble: "",
    done: false,
  };
}

// Splits a byte stream into the data of server-sent events.
async function* events(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(body)) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split(/\r?\n\r?\n/);
    rest = parts.pop();
    for (const part of parts) {
      const data = part
        .split(/\r?\n/)
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart());
      if (data.length) yield data.join("\n");
    }
  }
}

async function* chunks(body) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function take(answer, data) {
  if (data === "[DONE]") {
    answer.done = true;
    return;
  }
  const event = JSON.parse(data);
  if (event.error) answer.trouble = event.error.message || "The answer could not be finished.";
  if (event.usage) answer.usage = event.usage;
  answer.content += event.choices?.[0]?.delta?.content ?? "";
}

async function read(answer, response) {
  let due = false;
  for await (const data of events(response.body)) {
    take(answer, data);
    if (due) continue;
    due = true; // at most one repaint per frame, however fast the pieces come
    requestAnimationFrame(() => {
      due = false;
      if (answer.item.classList.contains("waiting")) paint(answer);
    });
  }
  if (!answer.done && !answer.trouble) answer.trouble = "The answer broke off. Send the message again.";
}

function paint(answer) {
  const follow = atBottom();
  // Each repaint reads the whole text anew; a very long one gets its form at the end only.
  if (answer.content.length < LONG) render(answer.text, answer.content);
  else answer.text.textContent = answer.content;
  if (follow) toBottom();
}

async function complaint(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The panel answered with status ${response.status}. Try again in a moment.`;
  }
}

async function ask(answer, message, signal) {
  const body = new URLSearchParams(new FormData(form));
  body.set("message", message);
  const response = await fetch(form.dataset.stream, { method: "POST", body, signal });
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || !type.startsWith("text/event-stream")) answer.trouble = await complaint(response);
  else await read(answer, response);
}

function finish(answer, seconds) {
  const follow = atBottom();
  answer.item.classList.remove("waiting");
  if (answer.content) render(answer.text, answer.content);
  if (answer.trouble) showTrouble(answer);
  const tokens = answer.usage?.total_tokens;
  const took = seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
  answer.meta.textContent = [tokens ? `${tokens} tokens` : "", took].filter(Boolean).join(" · ");
  spoken.textContent = answer.trouble || `Answer: ${answer.content}`;
  if (follow) toBottom();
}

function showTrouble(answer) {
  answer.item.classList.add("failed");
  if (!answer.content) {
    answer.text.textContent = answer.trouble;
    return;
  }
  const note = document.createElement("p");
  note.className = "trouble";
  note.textContent = answer.trouble;
  answer.text.after(note);
}

function busy(yes) {
  sendButton.hidden = yes;
  stopButton.hidden = !yes;
  turns.setAttribute("aria-busy", String(yes));
}

async function send() {
  const message = input.value.trim();
  if (!message || running) return;
  document.getElementById("welcome")?.remove();
  addSaid(message);
  const answer = addAnswer();
  input.value = "";
  spoken.textContent = "Answering";
  running = new AbortController();
  busy(true);
  toBottom();
  const started = performance.now();
  try {
    await ask(answer, message, running.signal);
  } catch (error) {
    answer.trouble = error.name === "AbortError" ? "Stopped." : "The connection broke. Check it and send the message again.";
  }
  finish(answer, (performance.now() - started) / 1000);
  running = null;
  busy(false);
  if (answer.trouble && !answer.content && !input.value) input.value = message; // nothing typed is lost
  input.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
stopButton.addEventListener("click", () => running?.abort());

for (const text of turns.querySelectorAll(".answer:not(.failed) .text")) render(text, text.textContent);
toBottom();
form.dataset.ready = "yes"; // from here on Enter sends
