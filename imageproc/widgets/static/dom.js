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
  if (bytes < 1000) return `${Math.round(bytes)} ${Math.round(bytes) === 1 ? "byte" : "bytes"}`;
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
