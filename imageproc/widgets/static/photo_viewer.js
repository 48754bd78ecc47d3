// A photo in a dialog: Escape closes it and the focus goes back to where it was.
function render({ model, el }) {
  const title = element("h2", { class: "ip-title", tabindex: -1 }), position = element("span", { class: "ip-position", role: "status" });
  const previous = element("button", { type: "button", "aria-label": "Previous photo", onclick: () => step(-1) }, "‹");
  const next = element("button", { type: "button", "aria-label": "Next photo", onclick: () => step(1) }, "›");
  const closing = element("button", { type: "button", onclick: () => dialog.close() }, "✕ Close");
  const image = element("img", { alt: "", hidden: true }), overlay = element("div", { class: "ip-boxes" });
  const state = element("p", { class: "ip-state", role: "status" });
  const frame = element("div", { class: "ip-frame" }, image, overlay);
  const tags = element("ul", { class: "ip-tag-list" }), noTags = element("p", { class: "ip-muted" }, "Nothing was recognised.");
  const rows = element("tbody"), save = element("button", { type: "button", onclick: () => model.send({ type: "original", id: shown }) }, "Save the original…");
  const saved = element("span", { role: "status" });
  const facts = element("div", { class: "ip-facts", tabindex: 0, role: "group", "aria-label": "About the photo" },
    element("h3", {}, "Tags"), tags, noTags, element("h3", {}, "Details"),
    element("table", {}, element("caption", { class: "ip-visually-hidden" }, "Details of the photo"), rows),
    element("p", {}, save, " ", saved));
  const dialog = element("dialog", { class: "ip-dialog", "aria-label": "Photo", onkeydown: onKey, onclose: closed, onclick: (event) => { if (event.target === dialog) dialog.close(); } },
    element("div", { class: "ip-bar" }, title, position, previous, next, closing),
    element("div", { class: "ip-body" }, element("div", { class: "ip-stage" }, frame, state), facts));
  const root = element("div", { class: "ip ip-viewer" }, dialog);
  el.append(root);
  let shown = "", blob = "", opener = null;

  function draw() {
    const photo = model.get("photo");
    if (!photo.id) { forget(); if (dialog.open) dialog.close(); return; }
    title.textContent = photo.name;
    position.textContent = photo.position;
    dialog.setAttribute("aria-label", `Photo ${photo.name}`);
    previous.disabled = !photo.previous;
    next.disabled = !photo.next;
    tags.replaceChildren(...photo.tags.map((tag) => drawTag(tag, photo.boxes)));
    noTags.hidden = photo.tags.length > 0;
    overlay.replaceChildren(...photo.boxes.map(drawBox));
    rows.replaceChildren(...photo.rows.map(([name, value, href]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, safeUrl(href) ? element("a", { href, target: "_blank", rel: "noopener noreferrer" }, value) : value))));
    if (photo.id !== shown) {
      forget();
      shown = photo.id;
      state.textContent = "Loading the picture…";
      model.send({ type: "picture", id: shown });
    }
    open();
  }

  // A view that is drawn with a photo open, after a page was reloaded for example, is in the document only a moment later.
  function open(frames = 60) {
    if (dialog.open || !model.get("photo").id) return;
    if (!dialog.isConnected) { if (frames) requestAnimationFrame(() => open(frames - 1)); return; }
    opener = document.activeElement;
    dialog.showModal();
    title.focus();
  }

  function drawTag([name, confidence], boxes) {
    const count = boxes.filter(([label]) => label === name).length;
    const known = confidence !== null, percent = known ? Math.max(0, Math.min(100, confidence)) : 0;
    const bar = element("span", { class: "ip-meter", "aria-hidden": "true" }, element("span", { style: `width:${percent}%` }));
    const text = [name, known ? `${confidence.toFixed(1)} %` : "", count ? `${count} ${count === 1 ? "box" : "boxes"}` : ""];
    const parts = [element("span", { class: "ip-tag-name" }, text[0]), bar, element("span", { class: "ip-percent" }, text[1]), element("span", { class: "ip-count" }, text[2])];
    if (!count) return element("li", {}, element("div", { class: "ip-tag" }, ...parts));
    const light = (on) => () => highlight(on ? name : null);
    return element("li", {}, element("button", { type: "button", class: "ip-tag", "aria-pressed": "false", onmouseenter: light(true), onmouseleave: light(false), onfocus: light(true), onblur: light(false),
      onclick: (event) => { const on = event.currentTarget.getAttribute("aria-pressed") !== "true"; event.currentTarget.setAttribute("aria-pressed", String(on)); highlight(on ? name : null); } }, ...parts));
  }

  function drawBox([name, left, top, width, height]) {
    const box = element("div", { class: "ip-box" }, element("span", { class: "ip-box-name" }, name));
    box.dataset.label = name;
    for (const [side, part] of Object.entries({ left, top, width, height })) box.style[side] = `${part * 100}%`;
    return box;
  }

  function highlight(name) {
    overlay.classList.toggle("ip-choosing", name !== null);
    for (const box of overlay.children) box.classList.toggle("ip-lit", box.dataset.label === name);
  }

  function onMessage(message, buffers) {
    if (message.id !== shown) return;
    if (message.type === "original") {
      saved.textContent = message.cause || (message.address ? "" : "There is no original.");
      if (safeUrl(message.address)) element("a", { href: message.address, download: "", rel: "noopener noreferrer" }).click();
    } else if (message.type === "picture") {
      if (message.cause) { state.textContent = `${STATE_SIGNS.error} The picture cannot be shown: ${message.cause}`; return; }
      if (blob) URL.revokeObjectURL(blob);
      blob = URL.createObjectURL(new Blob([buffers[0]], { type: message.media }));
      image.onload = () => { image.hidden = false; overlay.hidden = false; state.textContent = ""; };
      image.onerror = () => { state.textContent = `${STATE_SIGNS.error} The browser cannot show the picture.`; };
      image.alt = model.get("photo").name;
      image.src = safeUrl(blob);
    }
  }

  function forget() {
    shown = "";
    image.hidden = overlay.hidden = true;
    image.removeAttribute("src");
    saved.textContent = state.textContent = "";
    if (blob) URL.revokeObjectURL(blob);
    blob = "";
  }

  function closed() {
    if (model.get("photo").id) model.send({ type: "close" });
    forget();
    opener?.focus({ preventScroll: true });
    opener = null;
  }
  function step(by) { if (!(by < 0 ? previous : next).disabled) model.send({ type: "step", step: by }); }
  function onKey(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[event.key];
    if (!by || (event.target === facts && event.key.startsWith("Page"))) return;
    event.preventDefault();
    step(by);
  }

  draw();
  model.on("msg:custom", onMessage);
  const undo = watch(model, ["photo"], draw);
  return () => { undo(); model.off("msg:custom", onMessage); forget(); };
}
export default { render };
