// A small Markdown reader for answers of models. It builds DOM nodes and never parses HTML, so
// nothing a model writes can become a script, a form or a picture fetched from elsewhere.

const element = (name, ...children) => {
  const node = document.createElement(name);
  node.append(...children);
  return node;
};

// Lengths are bounded so that no text, however odd, takes more than linear time.
const INLINE = /(`+)([^`][\s\S]*?)\1(?!`)|\*\*(?=\S)([\s\S]+?)\*\*|\*(?=[^\s*])([^*\n]+?)\*|\[([^[\]\n]{1,300})\]\((https?:\/\/[^\s()]{1,2000})\)/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index), inlineNode(match));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function inlineNode([, ticks, code, strong, emphasis, label, href]) {
  if (ticks) return element("code", code.trim());
  if (strong) return element("strong", ...inline(strong));
  if (emphasis) return element("em", ...inline(emphasis));
  const link = element("a", label);
  link.href = href;
  link.rel = "noopener noreferrer nofollow";
  link.target = "_blank";
  link.title = new URL(href).host; // where it really leads
  return link;
}

function fence(lines, at) {
  const mark = lines[at].match(/^\s*(`{3,}|~{3,})/)[1];
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  return [element("pre", element("code", lines.slice(at + 1, end).join("\n"))), end + 1];
}

function list(lines, at, item, name) {
  const node = document.createElement(name);
  let end = at;
  for (; end < lines.length; end += 1) {
    const match = lines[end].match(item);
    if (match) node.append(element("li", ...inline(match[1])));
    else if (/^\s+\S/.test(lines[end]) && node.lastChild) node.lastChild.append("\n", ...inline(lines[end].trim()));
    else break;
  }
  return [node, end];
}

const BULLET = /^\s{0,3}[-*+]\s+(.*)$/;
const NUMBER = /^\s{0,3}\d{1,9}[.)]\s+(.*)$/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const FENCE = /^\s*(`{3,}|~{3,})/;

function quote(lines, at) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.match(QUOTE)[1]);
  return [element("blockquote", ...inline(inner.join("\n"))), end];
}

function paragraph(lines, at) {
  let end = at + 1;
  const starts = [BULLET, NUMBER, HEADING, QUOTE, FENCE];
  while (end < lines.length && lines[end].trim() && !starts.some((start) => start.test(lines[end]))) end += 1;
  return [element("p", ...inline(lines.slice(at, end).join("\n"))), end];
}

function block(lines, at) {
  const line = lines[at];
  if (FENCE.test(line)) return fence(lines, at);
  if (HEADING.test(line)) return [element("h3", ...inline(line.match(HEADING)[1])), at + 1];
  if (QUOTE.test(line)) return quote(lines, at);
  if (BULLET.test(line)) return list(lines, at, BULLET, "ul");
  if (NUMBER.test(line)) return list(lines, at, NUMBER, "ol");
  return paragraph(lines, at);
}

export function render(target, text) {
  const lines = text.replace(/\r\n/g, "\n").split("\n");
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].trim() === "") {
      at += 1;
    } else {
      const [node, next] = block(lines, at);
      nodes.push(node);
      at = next;
    }
  }
  target.classList.add("rich");
  target.replaceChildren(...nodes);
}
