// What tables and lists hold.
// Returns an identifier, cut in the middle by the style sheet where it is too long, and a button that copies it.
const TAIL = 12, LONG_TAIL = 24;
function code(text, copy = true) {
  const at = tailOf(text);
  const parts = [element("span", { class: "ip-head" }, text.slice(0, at)), element("span", { class: "ip-tail" }, text.slice(at))];
  return element("span", { class: "ip-code", title: text }, ...parts, copy ? copyButton(text) : null);
}

// Where the end begins that is not cut: at a word, or it would read like a typing error.
function tailOf(text) {
  const from = Math.max(0, text.length - LONG_TAIL), word = text.slice(from).search(/[\s/_:.-](?=[^\s/_:.-].{3})/);
  return from && word >= 0 ? from + word + 1 : Math.max(0, text.length - TAIL);
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "ip-copy", title: "Copy", "aria-label": `Copy ${text}` });
  button.addEventListener("click", async () => {
    button.textContent = await copyText(text) ? "✓" : "✕";
    setTimeout(() => { button.textContent = ""; }, 1500);
  });
  return button;
}

// What a cell of a table holds: a text with a tone or a link, and below it an identifier.
function cellContent({ text, tone, href, code: identifier, copy }) {
  const told = safeUrl(href) && text ? element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;
  return [tone ? toned(told, tone) : told, identifier ? code(identifier, copy) : null];
}

// Puts a table's cells below each other where the table would be wider than its box: no word is broken.
// Returns what looks again, and what ends that.
function fitting(box, table) {
  let width = -1;
  const fit = () => {
    table.removeAttribute("data-stacked");
    table.toggleAttribute("data-stacked", table.offsetWidth > box.clientWidth + 1);
  };
  const watcher = new ResizeObserver(() => { if (box.clientWidth !== width) { width = box.clientWidth; fit(); } });
  watcher.observe(box);
  return [fit, () => watcher.disconnect()];
}
