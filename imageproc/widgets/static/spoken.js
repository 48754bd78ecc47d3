// Texts for screen readers, not more than they can say: one in five seconds, and the last one at once.
const SPOKEN_EVERY_MS = 5000;

function speaker() {
  const root = element("span", { class: "ip-visually-hidden", role: "status", "aria-live": "polite" });
  let last = 0, timer = null;
  function speak(text, finished) {
    clearTimeout(timer);
    const wait = finished ? 0 : Math.max(0, last + SPOKEN_EVERY_MS - Date.now());
    timer = setTimeout(() => { if (root.textContent !== text) { root.textContent = text; last = Date.now(); } }, wait);
  }
  return { root, speak, end: () => clearTimeout(timer) };
}
