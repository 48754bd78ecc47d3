// What all widgets share. Text reaches the page through `textContent` alone, and addresses through `safeUrl`.

// Returns an element. Attributes that begin with "on" are listeners; children are elements or text.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "href" || name === "src") { const url = safeUrl(value); if (url) made.setAttribute(name, url); }
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Returns an address that can do no more than load, else "".
function safeUrl(url) {
  return /^(https?:|blob:)/i.test(String(url)) ? String(url) : "";
}

function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  for (const unit of ["kB", "MB", "GB"]) {
    bytes /= 1000;
    if (bytes < 1000 || unit === "GB") return `${bytes.toFixed(bytes < 10 ? 1 : 0)} ${unit}`;
  }
}

// Calls `handler` on every change of these traits, and returns what undoes that.
function watch(model, traits, handler) {
  for (const trait of traits) model.on(`change:${trait}`, handler);
  return () => { for (const trait of traits) model.off(`change:${trait}`, handler); };
}

// What a state looks like beside its colour.
const STATE_SIGNS = { success: "✓", error: "✕", warning: "!", running: "●", waiting: "○", info: "" };

// Returns a text after the sign of its tone.
function toned(text, tone) {
  const sign = STATE_SIGNS[tone] ?? "";
  return element("span", { class: "ip-toned", "data-tone": tone }, sign && element("span", { class: "ip-sign" }, `${sign}\u00a0`), text);
}

// Returns an identifier, cut in the middle by the style sheet where it is too long, and a button that copies it.
const TAIL = 12;
function code(text, copy = true) {
  const at = Math.max(0, text.length - TAIL);
  const parts = [element("span", { class: "ip-head" }, text.slice(0, at)), element("span", { class: "ip-tail" }, text.slice(at))];
  return element("span", { class: "ip-code", title: text }, ...parts, copy ? copyButton(text) : null);
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "ip-copy", title: "Copy", "aria-label": `Copy ${text}` });
  button.addEventListener("click", async () => {
    button.textContent = await copyText(text) ? "✓" : "✕";
    setTimeout(() => { button.textContent = ""; }, 1500);
  });
  return button;
}

// Puts a text into the clipboard, and returns whether that worked. Without a secure context there is only the old way.
async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way */ }
  const field = element("textarea", { "aria-hidden": "true", tabindex: -1, class: "ip-visually-hidden" }), had = document.activeElement;
  field.value = text;
  (had?.closest("dialog") || document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  had?.focus?.({ preventScroll: true });
  return done;
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
