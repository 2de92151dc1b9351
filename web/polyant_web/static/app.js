// What every page gets on top of plain HTML: copy buttons, shown passwords, suggested slugs, one
// submit per form. Everything works without it.
"use strict";

const slugOf = (name) =>
  name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);

function suggestSlug(form) {
  const name = form.elements.namedItem("name");
  const slug = form.elements.namedItem("slug");
  let untouched = slug.value === "" || slug.value === slugOf(name.value);
  slug.addEventListener("input", () => {
    untouched = slug.value === "";
  });
  name.addEventListener("input", () => {
    if (untouched) slug.value = slugOf(name.value);
  });
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // no clipboard on plain http: ready for Ctrl+C
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.textContent = shown ? "Show" : "Hide";
  button.setAttribute("aria-pressed", String(!shown));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.copy) copy(button);
  if (button?.dataset.reveal) reveal(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[hx-post], [data-scripted]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

for (const form of document.querySelectorAll("form[data-suggest-slug]")) suggestSlug(form);
for (const button of document.querySelectorAll("[data-reveal], [data-copy]")) button.hidden = false;
document.addEventListener("htmx:load", (event) => {
  for (const button of event.detail.elt.querySelectorAll("[data-copy]")) button.hidden = false;
});

// A menu closes when one clicks beside it or presses Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
