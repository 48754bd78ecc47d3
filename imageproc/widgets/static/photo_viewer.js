// A photo in a dialog: Escape closes it and the focus goes back to where it was.
function render({ model, el }) {
  const title = element("h2", { class: "ip-title", tabindex: -1 }), album = element("span", { class: "ip-album" }), position = element("span", { class: "ip-position", role: "status" });
  const previous = element("button", { type: "button", "aria-label": "Previous photo", onclick: () => step(-1) }, "‹");
  const next = element("button", { type: "button", "aria-label": "Next photo", onclick: () => step(1) }, "›");
  const closing = element("button", { type: "button", onclick: () => dialog.close() }, "✕ Close");
  const image = element("img", { alt: "", hidden: true }), more = element("p", { class: "ip-more", role: "status" }), overlay = element("div", { class: "ip-boxes" });
  const state = element("p", { class: "ip-state", role: "status" });
  const frame = element("div", { class: "ip-frame" }, image, overlay);
  const tags = element("ul", { class: "ip-tag-list" }), noTags = element("p", { class: "ip-muted" }, "There are no labels.");
  const offered = element("datalist", { id: `ip-labels-${Math.random().toString(36).slice(2)}` });
  const field = element("input", { type: "text", maxlength: 64, autocomplete: "off", list: offered.id, onfocus: () => { if (!asked) model.send({ type: "labels" }); asked = true; } });
  const submit = element("button", { type: "submit" }), fieldName = element("span", { class: "ip-muted" }), undoLabel = element("button", { type: "button", title: "Undo the last correction (U)", onclick: () => edit("undo") }, "Undo");
  const form = element("form", { class: "ip-label-form", onsubmit: (event) => { event.preventDefault(); enter(); } }, element("label", {}, fieldName, " ", field), submit, undoLabel, offered);
  const corrected = element("ul", { class: "ip-corrected" }), edited = element("p", { class: "ip-edited", role: "status" });
  const groups = element("div"), save = element("button", { type: "button", onclick: () => { wanted.add(shown); saved.textContent = "…"; model.send({ type: "original", id: shown }); } }, "Save the original…");
  const saving = downloads(model), wanted = new Set(), saved = element("span", { role: "status" }), run = element("span", {}, "…"), showRun = element("button", { type: "button", onclick: () => model.send({ type: "show-run", id: shown }) }, "Show the run");
  const likes = element("button", { type: "button", onclick: () => { likes.disabled = true; similarSaid.textContent = "Looking…"; model.send({ type: "similar", id: shown }); } }, "Similar photos");
  const similar = element("ul", { class: "ip-similar", "aria-label": "Similar photos" }), similarSaid = element("span", { role: "status" });
  const facts = element("div", { class: "ip-facts", tabindex: 0, role: "group", "aria-label": "About the photo" },
    element("h3", {}, "Labels"), tags, noTags, form, edited, corrected, groups, element("p", {}, likes, " ", similarSaid), similar, element("p", {}, save, " ", saved), saving.root);
  const zoomOut = element("button", { type: "button", "aria-label": "Zoom out", title: "Zoom out (−)", onclick: () => zoomBy(1 / 1.5) }, "−");
  const zoomText = element("button", { type: "button", class: "ip-zoom", "aria-label": "Fit to the page", title: "Fit to the page (0)", onclick: fitPicture }, "Fit");
  const zoomIn = element("button", { type: "button", "aria-label": "Zoom in", title: "Zoom in (+)", onclick: () => zoomBy(1.5) }, "+");
  const stage = element("div", { class: "ip-stage", onpointerdown: onDown, onpointermove: onMove, onpointerup: onUp, onpointercancel: onUp, ondblclick: (event) => { if (scale > 1) fitPicture(); else zoomBy(2.5, event); } }, frame, more, state);
  const dialog = element("dialog", { class: "ip-dialog", "aria-label": "Photo", onkeydown: onKey, onclose: closed, oncancel: (event) => { if (renaming || document.activeElement === field) { event.preventDefault(); leaveField(); } }, onclick: (event) => { if (event.target === dialog) dialog.close(); } },
    element("div", { class: "ip-bar" }, element("div", { class: "ip-names" }, title, album), position, zoomOut, zoomText, zoomIn, previous, next, closing),
    element("div", { class: "ip-body" }, stage, facts));
  const root = element("div", { class: "ip ip-viewer" }, dialog);
  el.append(root);
  const placeMap = element("div", { class: "ip-place-map", hidden: true });
  let asked = false, renaming = "", land = "", landAsked = false, shown = "", blob = "", opener = null, scale = 1, panX = 0, panY = 0, pressed = new Map(), began = null, spread = 0, natural = null, reduced = false, lacking = false;
  const similarUrls = [];

  function draw() {
    const photo = model.get("photo");
    if (!photo.id) { forget(); if (dialog.open) dialog.close(); return; }
    title.textContent = photo.name;
    position.textContent = photo.position;
    dialog.setAttribute("aria-label", `Photo ${photo.name}`);
    previous.disabled = !photo.previous;
    next.disabled = !photo.next;
    tags.replaceChildren(...photo.tags.map((tag) => drawTag(tag, photo)));
    corrected.replaceChildren(...photo.corrections.map((text) => element("li", {}, text)));
    form.hidden = !model.get("correctable");
    undoLabel.disabled = !photo.corrections.length;
    if (photo.id !== shown) { ask("", false); edited.textContent = ""; }
    noTags.hidden = photo.tags.length > 0;
    overlay.replaceChildren(...photo.boxes.map(drawBox));
    album.textContent = photo.album;
    drawPlace(photo.place);
    groups.replaceChildren(...photo.groups.map(drawGroup));
    if (photo.id !== shown) {
      forget();
      shown = photo.id;
      state.textContent = "Loading the picture…";
      model.send({ type: "picture", id: shown });
      model.send({ type: "run", id: shown });
      run.textContent = "…";
      fitPicture();
    }
    open();
  }

  function drawGroup({ title: name, rows }) {
    const lines = rows.map(([fact, value, href]) => element("tr", {}, element("th", { scope: "row" }, fact),
      element("td", { class: "ip-value" }, safeUrl(href) ? element("a", { href, target: "_blank", rel: "noopener noreferrer" }, value) : whole(value)),
      element("td", { class: "ip-copies" }, element("button", { type: "button", class: "ip-copy", "aria-label": `Copy ${fact}`, title: "Copy", onclick: (event) => copy(event.currentTarget, value) }))));
    if (name === "Processing") lines.push(element("tr", {}, element("th", { scope: "row" }, "Run"), element("td", { colspan: 2 }, run, " ", showRun)));
    return element("section", {}, element("h3", {}, name), name === "Place" ? placeMap : null, element("table", {}, element("caption", { class: "ip-visually-hidden" }, name), element("tbody", {}, ...lines)));
  }
  // A hash or an ID in one line, cut in the middle where it is too long: no word is broken.
  function whole(value) {
    if (value.length < 24 || /\s/.test(value)) return value;
    return element("span", { class: "ip-whole", title: value }, element("span", { class: "ip-head" }, value.slice(0, -10)), element("span", {}, value.slice(-10)));
  }
  function copy(button, value) {
    copyText(value).then((done) => { button.textContent = done ? "✓" : "✕"; saved.textContent = done ? "Copied." : "The browser does not allow copying."; setTimeout(() => { button.textContent = ""; }, 1500); });
  }

  function drawSimilar({ photos, cause }, buffers) {
    likes.disabled = false;
    similarSaid.textContent = cause || (photos.length ? "" : "None of the other photos shown is like it.");
    dropSimilar();
    similar.replaceChildren(...photos.map(({ id, name, note }, number) => {
      const known = buffers[number]?.byteLength, url = known ? URL.createObjectURL(new Blob([buffers[number]])) : "";
      if (url) similarUrls.push(url);
      return element("li", {}, element("button", { type: "button", title: `${name}: ${note}`, onclick: () => model.send({ type: "open-similar", id: shown, photo: id }) }, url ? element("img", { src: url, alt: `${name}, ${note}` }) : `${name}, ${note}`));
    }));
  }
  function dropSimilar() { for (const url of similarUrls.splice(0)) URL.revokeObjectURL(url); similar.replaceChildren(); }

  // Where on earth, without a network: the outlines are asked for with the first photo that has a place.
  function drawPlace(place) {
    placeMap.replaceChildren();
    placeMap.hidden = !place;
    if (!place) return;
    if (!land) { if (!landAsked) model.send({ type: "outlines" }); landAsked = true; return; }
    const [latitude, longitude] = place, x = longitude * 100, y = -latitude * 100;
    const shape = (tag, attributes) => { const made = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value); return made; };
    const view = shape("svg", { viewBox: `${x - 3200} ${y - 1400} 6400 2800`, role: "img", "aria-label": `Map: latitude ${latitude.toFixed(2)}, longitude ${longitude.toFixed(2)}` });
    for (const shift of [-36000, 0, 36000]) if (Math.abs(shift - x) < 18000 + 3200) view.append(shape("path", { d: land, transform: `translate(${shift} 0)` }));
    view.append(shape("circle", { cx: x, cy: y, r: 110 }));
    placeMap.append(view);
  }

  // Zoom and pan: the picture is moved and scaled as a whole, its boxes with it.
  function place() {
    // Not by a container of its own: in one whose own layout changes, Chromium draws nothing any more.
    if (natural) { // the picture with all pixels is as large as the first one was
      const fit = Math.min(1, (stage.clientWidth - 16) / natural[0], (stage.clientHeight - 16) / natural[1]);
      image.style.width = `${natural[0] * fit}px`;
      image.style.height = `${natural[1] * fit}px`;
    }
    const limitX = Math.max(0, (frame.offsetWidth * scale - stage.clientWidth) / 2), limitY = Math.max(0, (frame.offsetHeight * scale - stage.clientHeight) / 2);
    panX = Math.max(-limitX, Math.min(limitX, panX));
    panY = Math.max(-limitY, Math.min(limitY, panY));
    frame.style.transform = scale === 1 ? "" : `translate(${panX}px, ${panY}px) scale(${scale})`;
    stage.classList.toggle("ip-zoomed", scale > 1);
    zoomText.textContent = scale > 1 ? `${scale.toFixed(1)}×` : "Fit";
    zoomOut.disabled = scale <= 1;
    zoomIn.disabled = scale >= 8;
    fitLabels();
    const beyond = scale > 1 && frame.offsetWidth * scale * devicePixelRatio > image.naturalWidth; // its pixels
    if (lacking) more.textContent = beyond ? "Not all pixels are shown here: save the original for them." : "";
    if (beyond && reduced) {
      reduced = false; // asked for once
      more.textContent = "Loading all pixels…";
      model.send({ type: "whole", id: shown });
    }
  }
  function fitPicture() { scale = 1; panX = panY = 0; place(); }
  function zoomBy(factor, at) {
    const before = scale, box = stage.getBoundingClientRect();
    scale = Math.max(1, Math.min(8, scale * factor));
    const left = at ? at.clientX - box.left - box.width / 2 : 0, top = at ? at.clientY - box.top - box.height / 2 : 0;
    panX = left - (left - panX) * (scale / before);
    panY = top - (top - panY) * (scale / before);
    place();
  }
  // A box has its name where that fits into it, at any zoom.
  function fitLabels() {
    overlay.style.setProperty("--ip-unscale", 1 / scale);
    for (const box of overlay.children) {
      const name = box.firstChild;
      name.hidden = false;
      name.hidden = name.offsetWidth > box.offsetWidth * scale || name.offsetHeight + 2 > box.offsetHeight * scale;
    }
  }
  const apart = () => { const [a, b] = [...pressed.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
  function onDown(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    pressed.set(event.pointerId, [event.clientX, event.clientY]);
    stage.setPointerCapture(event.pointerId);
    if (pressed.size === 1) began = [event.clientX, event.clientY, event.pointerType]; else { began = null; spread = apart(); }
  }
  function onMove(event) {
    const last = pressed.get(event.pointerId);
    if (!last) return;
    pressed.set(event.pointerId, [event.clientX, event.clientY]);
    if (pressed.size === 2) { const now = apart(); if (spread) zoomBy(now / spread, event); spread = now; }
    else if (scale > 1) { panX += event.clientX - last[0]; panY += event.clientY - last[1]; place(); }
  }
  function onUp(event) {
    pressed.delete(event.pointerId);
    if (began && scale === 1 && event.type === "pointerup") {
      const across = event.clientX - began[0], down = event.clientY - began[1];
      if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(down)) step(across < 0 ? 1 : -1);
    }
    began = null;
  }
  function onWheel(event) { event.preventDefault(); zoomBy(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 300), event); }

  // A view that is drawn with a photo open, after a page was reloaded for example, is in the document only a moment later.
  function open(frames = 60) {
    if (dialog.open || !model.get("photo").id) return;
    if (!dialog.isConnected) { if (frames) requestAnimationFrame(() => open(frames - 1)); return; }
    opener = document.activeElement;
    dialog.showModal();
    facts.scrollTop = facts.parentElement.scrollTop = 0; // where those of the last one were read to
    title.focus();
  }

  // What a machine recognised has a bar and a percentage, what a person said has the person's name.
  function drawTag([name, confidence], { boxes, said }) {
    const count = boxes.filter(([label]) => label === name).length, by = said[name];
    const known = confidence !== null, percent = known ? Math.max(0, Math.min(100, confidence)) : 0;
    const bar = element("span", { class: "ip-meter", "aria-hidden": "true" }, element("span", { style: `width:${percent}%` }));
    const sure = by === undefined ? [bar, element("span", { class: "ip-percent" }, known ? `${confidence.toFixed(1)} %` : "")] : [element("span", { class: "ip-by" }, `✎ by ${by}`)];
    const parts = [element("span", { class: "ip-tag-name" }, name), ...sure, element("span", { class: "ip-count" }, count ? `${count} ${count === 1 ? "box" : "boxes"}` : "")];
    const rename = element("button", { type: "button", class: "ip-edit", "aria-label": `Rename ${name}`, title: "Rename", onclick: () => ask(name) }, "✎");
    const remove = element("button", { type: "button", class: "ip-edit", "aria-label": `Remove ${name}`, title: "Remove", onclick: () => { edit("remove", name); leaveField(); } }, "✕");
    const edits = model.get("correctable") ? [rename, remove] : [];
    if (!count) return element("li", {}, element("div", { class: "ip-tag" }, ...parts), ...edits);
    const light = (on) => () => highlight(on ? name : null);
    return element("li", {}, element("button", { type: "button", class: "ip-tag", "aria-pressed": "false", onmouseenter: light(true), onmouseleave: light(false), onfocus: light(true), onblur: light(false),
      onclick: (event) => { const on = event.currentTarget.getAttribute("aria-pressed") !== "true"; event.currentTarget.setAttribute("aria-pressed", String(on)); highlight(on ? name : null); } }, ...parts), ...edits);
  }

  // Asks for a label to add, or for the right name of one, in the same field.
  function ask(name, focus = true) {
    renaming = name;
    submit.textContent = name ? "Rename" : "Add";
    fieldName.textContent = name ? `Rename ${name} to` : "Add a label (L)";
    field.value = "";
    if (focus) field.focus();
  }
  function enter() {
    const text = field.value.trim();
    if (!text) return;
    if (renaming) { edit("rename", renaming, text); leaveField(); return; }
    edit("add", text);
    ask(""); // the next one is written at once, perhaps, whose letters are no commands
  }
  function leaveField() { // to where keys are commands again
    ask("", false);
    facts.focus({ preventScroll: true });
  }
  function edit(action, label = "", to = "") {
    edited.textContent = "…";
    model.send({ type: "label", id: shown, action, label, to });
  }

  function drawBox([name, left, top, width, height]) {
    const box = element("div", { class: "ip-box", title: name }, element("span", { class: "ip-box-name" }, name));
    box.dataset.label = name;
    for (const [side, part] of Object.entries({ left, top, width, height })) box.style[side] = `${part * 100}%`;
    return box;
  }

  function highlight(name) {
    overlay.classList.toggle("ip-choosing", name !== null);
    for (const box of overlay.children) box.classList.toggle("ip-lit", box.dataset.label === name);
  }

  function onMessage(message, buffers) {
    if (message.type === "outlines") { land = message.land; drawPlace(model.get("photo").place); return; }
    if (message.type === "labels") { offered.replaceChildren(...message.names.map((value) => element("option", { value }))); return; }
    if (message.type === "chunk") { saving.receive(message, buffers); return; }
    if (message.type === "original") { onOriginal(message); return; }
    if (message.id !== shown) return;
    if (message.type === "label") {
      edited.textContent = message.cause ? `${STATE_SIGNS.error} ${message.cause}` : message.text;
      if (message.again && !field.value && !renaming) field.value = message.again;
      return;
    }
    if (message.type === "similar") drawSimilar(message, buffers);
    else if (message.type === "run") run.textContent = message.text || "not known";
    else if (message.type === "picture" || message.type === "whole") {
      const whole = message.type === "whole", where = whole ? more : state;
      if (message.cause) { where.textContent = `${STATE_SIGNS.error} ${whole ? "Not all pixels can" : "The picture cannot"} be shown: ${message.cause}`; return; }
      if (blob) URL.revokeObjectURL(blob);
      blob = URL.createObjectURL(new Blob([buffers[0]], { type: message.media }));
      image.onload = () => {
        if (!whole) natural = [image.naturalWidth, image.naturalHeight];
        reduced = !whole && message.reduced;
        lacking = whole && message.reduced;
        more.textContent = "";
        image.hidden = overlay.hidden = false;
        state.textContent = "";
        place();
      };
      image.onerror = () => { where.textContent = `${STATE_SIGNS.error} The browser cannot show the picture.`; };
      image.alt = model.get("photo").name;
      image.src = safeUrl(blob);
    }
  }

  // What this view has asked for, whatever is shown meanwhile; other views of the photo get the answer, too.
  function onOriginal({ id, cause, ...offered }) {
    if (!wanted.delete(id)) return;
    if (id === shown) saved.textContent = cause;
    if (!cause) saving.start(offered);
  }

  function forget() {
    shown = "";
    image.hidden = overlay.hidden = true;
    image.removeAttribute("src");
    natural = null;
    reduced = lacking = false;
    saved.textContent = state.textContent = more.textContent = similarSaid.textContent = "";
    likes.disabled = false;
    dropSimilar();
    if (blob) URL.revokeObjectURL(blob);
    blob = "";
  }

  function closed() {
    if (model.get("photo").id) model.send({ type: "close" });
    forget();
    // Among photos the one that was seen last, which is the current one.
    const heir = opener?.closest("[role=listbox]")?.querySelector("[tabindex='0']") ?? opener;
    heir?.focus({ preventScroll: true });
    opener = null;
  }
  function step(by) { if (!(by < 0 ? previous : next).disabled) model.send({ type: "step", step: by }); }
  function onKey(event) {
    event.stopPropagation();
    // The browser asks only once in a row before it closes the dialog, so the key itself is taken.
    if (event.key === "Escape" && (renaming || event.target === field)) { event.preventDefault(); return leaveField(); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[event.key];
    if (event.target === field && (field.value || renaming || !by)) return;
    const labels = model.get("correctable") && { l: () => field.focus(), u: () => { if (!undoLabel.disabled) edit("undo"); } }[event.key.toLowerCase()];
    if (labels) { event.preventDefault(); return labels(); }
    const zooms = { "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: fitPicture }[event.key];
    if (zooms) { event.preventDefault(); return zooms(); }
    if (!by || (event.target === facts && event.key.startsWith("Page"))) return;
    event.preventDefault();
    step(by);
  }

  const resized = new ResizeObserver(place);
  resized.observe(stage);
  stage.addEventListener("wheel", onWheel, { passive: false });
  draw();
  model.on("msg:custom", onMessage);
  const undo = watch(model, ["photo", "correctable"], draw);
  return () => { undo(); resized.disconnect(); model.off("msg:custom", onMessage); saving.end(); forget(); };
}
export default { render };
