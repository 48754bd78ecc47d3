// Points on a canvas. The view is a centre and a scale in pixels for each unit; y points upwards.
const POINT_NEAR = 12, DEEPEST = 400, STEP = 3;

function render({ model, el }) {
  const canvas = element("canvas", { "aria-hidden": "true" }), paper = canvas.getContext("2d");
  const plot = element("div", { class: "ip-plot ip-lassoing", tabindex: 0, role: "group", "aria-label": "Map of photos, like ones near each other: arrows go from photo to photo, Enter selects, Ctrl+A selects all, Escape none, plus and minus zoom, 0 shows all", onkeydown: onKey, onpointerdown: onDown, onpointermove: onMove, onpointerup: onUp, onpointercancel: () => { drag = null; later(); }, onpointerleave: () => { if (!drag) point(-1); } }, canvas);
  const button = (label, text, handler) => element("button", { type: "button", "aria-label": label, title: label, onclick: handler }, text);
  const lassoing = button("Lasso: dragging selects (with Shift adds); otherwise dragging moves the map", "Lasso", () => useLasso(!lasso));
  const tools = element("div", { class: "ip-tools" }, lassoing, button("Zoom in", "+", () => zoom(2)), button("Zoom out", "−", () => zoom(0.5)), button("Show all", "All", () => { fit(); later(); }));
  const image = element("img", { alt: "", draggable: "false", onload: () => image.classList.add("ip-there"), onerror: failed });
  const about = element("div"), tip = element("div", { class: "ip-tip", "aria-hidden": "true", hidden: true }, image, about);
  const legend = element("ul", { class: "ip-legend", "aria-label": "What the colours say" });
  const said = element("p", { class: "ip-said", role: "status", "aria-live": "polite" }), empty = element("p", { class: "ip-empty" });
  const shown = element("div", {}, tools, element("div", { class: "ip-holder" }, plot, tip), legend, said);
  el.append(element("div", { class: "ip ip-embedding-map" }, shown, empty));

  let x = 0, y = 0, k = 0, width = 0, height = 0, frame = 0, version = -1, drag = null, lasso = true;
  let places = new Float32Array(0), groups = new Uint8Array(0), selected = new Set(), current = -1, photos = new Map();

  const later = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };
  const across = (i) => width / 2 + (places[2 * i] - x) * k, down = (i) => height / 2 - (places[2 * i + 1] - y) * k;
  const least = () => Math.min(width, height) / 2 - 24;
  function fit() { x = 0; y = 0; k = least(); }

  function draw() {
    const some = model.get("count") > 0;
    shown.hidden = !some;
    empty.hidden = some;
    empty.textContent = model.get("empty");
    if (!some || !width) return;
    if (!k) fit();
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    paper.clearRect(0, 0, width, height);
    const style = getComputedStyle(plot), ink = style.color, accent = style.textDecorationColor;
    drawPoints(ink, ratio);
    if (current >= 0) ring(current, accent);
    if (drag?.path) drawLasso(accent);
    drawTip();
    tell();
  }

  // A picture of a point for each colour, drawn once: many thousand points are many copies of it.
  function dot(color, ink, radius, ratio) {
    const made = document.createElement("canvas"), side = 2 * radius + 4;
    made.width = made.height = side * ratio;
    const on = made.getContext("2d");
    on.scale(ratio, ratio);
    on.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
    on.fillStyle = color;
    on.fill();
    on.strokeStyle = ink;
    on.stroke();
    return made;
  }

  function drawPoints(ink, ratio) {
    const count = groups.length, radius = count < 300 ? 6 : count < 3000 ? 4.5 : 3;
    const colors = model.get("groups").map(({ color }) => color);
    const plain = colors.map((color) => dot(color, ink, radius, ratio)), picked = colors.map((color) => dot(color, ink, radius + 2, ratio));
    const put = (i, pictures, side) => {
      const left = across(i), top = down(i);
      if (left > -side && top > -side && left < width + side && top < height + side) paper.drawImage(pictures[groups[i]], left - side / 2, top - side / 2, side, side);
    };
    paper.globalAlpha = selected.size ? 0.3 : 0.9;
    for (let i = 0; i < count; i += 1) if (!selected.has(i)) put(i, plain, 2 * radius + 4);
    paper.globalAlpha = 1;
    for (const i of selected) put(i, picked, 2 * radius + 8);
  }

  function ring(i, color) {
    paper.beginPath();
    paper.arc(across(i), down(i), 11, 0, 2 * Math.PI);
    paper.lineWidth = 3;
    paper.strokeStyle = color;
    paper.stroke();
  }

  function drawLasso(color) {
    paper.beginPath();
    drag.path.forEach(([left, top]) => paper.lineTo(left, top));
    paper.closePath();
    paper.lineWidth = 2;
    paper.strokeStyle = paper.fillStyle = color;
    paper.stroke();
    paper.globalAlpha = 0.15;
    paper.fill();
    paper.globalAlpha = 1;
  }

  const groupName = (i) => model.get("groups")[groups[i]]?.name ?? "";

  function drawTip() {
    const left = across(current), top = down(current);
    tip.hidden = current < 0 || Boolean(drag) || left < 0 || top < 0 || left > width || top > height;
    if (tip.hidden) return;
    const { name, lines } = photos.get(current) ?? { name: "…", lines: [] };
    about.replaceChildren(element("strong", {}, name), element("span", {}, groupName(current)), ...lines.map((line) => element("span", {}, line)));
    tip.style.left = `${left + 216 > width ? Math.max(0, left - 212) : left + 12}px`;
    tip.style.top = `${Math.max(4, Math.min(top - 60, height - tip.offsetHeight - 4))}px`;
  }

  function drawLegend() {
    legend.replaceChildren(...model.get("groups").map(({ name, color, count }, number) => {
      const swatch = element("span", { class: "ip-swatch" }), photos = `${count.toLocaleString("en")} ${count === 1 ? "photo" : "photos"}`;
      swatch.style.background = color;
      const pick = (event) => choose([...groups.keys()].filter((i) => groups[i] === number), event.shiftKey);
      return element("li", {}, element("button", { type: "button", title: `Select these ${photos}; with Shift as well`, "aria-label": `Select ${photos}: ${name}`, onclick: pick }, swatch, element("span", {}, name), element("span", { class: "ip-count" }, count.toLocaleString("en"))));
    }));
  }

  function tell() {
    const { name } = photos.get(current) ?? {}, picked = selected.size;
    const focused = name && plot.contains(document.activeElement), pile = focused ? piled() : [];
    const place = pile.length > 1 ? `, ${pile.indexOf(current) + 1} of ${pile.length} in this place` : "";
    const here = focused ? `${name}, ${groupName(current)}${place}${selected.has(current) ? ", selected" : ""}.` : "";
    const text = [model.get("note"), picked ? `${picked.toLocaleString("en")} selected.` : "", here].filter(Boolean).join(" ");
    if (said.textContent !== text) said.textContent = text;
  }

  // Makes a photo the current one, and asks for what is shown of it.
  function point(i) {
    plot.classList.toggle("ip-pointed", i >= 0);
    if (i === current) return;
    current = i;
    showPicture();
    if (i >= 0 && !photos.has(i)) model.send({ type: "photo", version, number: i });
    later();
  }

  function showPicture() {
    image.classList.remove("ip-there");
    const url = photos.get(current)?.url;
    if (url) image.src = url; else image.removeAttribute("src");
  }

  function failed() { // S3 may be out of the browser's reach: then the kernel has the bytes
    if (image.hasAttribute("src")) askForBytes(current);
  }
  function askForBytes(i) {
    const known = photos.get(i);
    if (!known || known.tried) return;
    known.tried = true;
    model.send({ type: "bytes", version, number: i });
  }

  function choose(numbers, adds) {
    selected = new Set(adds ? [...selected, ...numbers] : numbers);
    model.send({ type: "select", version }, undefined, [Uint32Array.from(selected).buffer]);
    later();
  }
  function toggle(i) {
    const rest = [...selected].filter((one) => one !== i);
    choose(rest.length < selected.size ? rest : [...rest, i]);
  }

  function useLasso(on) {
    lasso = on;
    lassoing.setAttribute("aria-pressed", String(on));
    plot.classList.toggle("ip-lassoing", on);
  }

  function nearest(left, top) {
    let found = -1, best = POINT_NEAR;
    for (let i = 0; i < groups.length; i += 1) {
      const distance = Math.hypot(across(i) - left, down(i) - top);
      if (distance < best) { best = distance; found = i; }
    }
    return found;
  }

  const samePlace = (i, j) => places[2 * i] === places[2 * j] && places[2 * i + 1] === places[2 * j + 1];
  const piled = () => current < 0 ? [] : [...groups.keys()].filter((i) => samePlace(i, current));

  // The nearest photo in a direction: what lies beside the way counts as farther away. Of photos in one place each
  // comes in turn: to the right and down by their numbers, to the left and up the other way round.
  function beside([right, up]) {
    const forward = right > 0 || up < 0, pile = piled(), next = pile[pile.indexOf(current) + (forward ? 1 : -1)];
    if (next !== undefined) return next;
    let found = -1, best = Infinity;
    const from = current >= 0 ? [places[2 * current], places[2 * current + 1]] : [x - right / k, y - up / k];
    for (let i = 0; i < groups.length; i += 1) {
      const dx = places[2 * i] - from[0], dy = places[2 * i + 1] - from[1];
      const along = dx * right + dy * up, aside = Math.abs(dx * up - dy * right);
      const far = along + 2 * aside;
      if (along > 0 && aside <= 2 * along && (forward ? far < best : far <= best)) { best = far; found = i; }
    }
    return found;
  }

  function go(direction) {
    const to = current < 0 ? nearestToCentre() : beside(direction);
    if (to < 0) return;
    point(to);
    if (across(to) < 12 || down(to) < 12 || across(to) > width - 12 || down(to) > height - 12) { x = places[2 * to]; y = places[2 * to + 1]; }
  }
  function nearestToCentre() {
    let found = -1, best = Infinity;
    for (let i = 0; i < groups.length; i += 1) { const distance = Math.hypot(places[2 * i] - x, places[2 * i + 1] - y); if (distance < best) { best = distance; found = i; } }
    return found;
  }

  function onKey(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") choose([...groups.keys()]);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (moves) go(moves);
    else if ((event.key === "Enter" || event.key === " ") && current >= 0) toggle(current);
    else if (event.key === "Escape") { if (drag) drag = null; else choose([]); later(); }
    else if (event.key === "+" || event.key === "=") zoom(2);
    else if (event.key === "-") zoom(0.5);
    else if (event.key === "0" || event.key === "Home") { fit(); later(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Zooms, with what is under the pointer staying where it is; without one, the current photo or the centre.
  function zoom(factor, left, top) {
    const held = left === undefined && current >= 0 ? [across(current), down(current)] : [left ?? width / 2, top ?? height / 2];
    const before = k;
    k = Math.max(least() / 2, Math.min(least() * DEEPEST, k * factor));
    x += (held[0] - width / 2) * (1 / before - 1 / k);
    y -= (held[1] - height / 2) * (1 / before - 1 / k);
    later();
  }
  // The wheel zooms only while the map has the focus: who scrolls through the page must get past it.
  function onWheel(event) {
    if (document.activeElement !== plot && !event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 200), ...at(event));
  }

  function at(event) { const box = plot.getBoundingClientRect(); return [event.clientX - box.left - 1, event.clientY - box.top - 1]; }
  function onDown(event) {
    if (event.button !== 0) return;
    drag = { from: at(event), last: at(event), moved: false, path: lasso ? [at(event)] : null };
    plot.setPointerCapture(event.pointerId);
  }
  function onMove(event) {
    const [left, top] = at(event);
    if (!drag) { point(nearest(left, top)); return; }
    drag.moved ||= Math.hypot(left - drag.from[0], top - drag.from[1]) > STEP;
    if (Math.hypot(left - drag.last[0], top - drag.last[1]) < STEP) return;
    if (drag.path) drag.path.push([left, top]);
    else { x -= (left - drag.last[0]) / k; y += (top - drag.last[1]) / k; }
    drag.last = [left, top];
    later();
  }
  function onUp(event) {
    if (!drag) return;
    const { moved, path } = drag, adds = event.shiftKey || event.ctrlKey || event.metaKey;
    drag = null;
    if (moved) { if (path) choose([...groups.keys()].filter((i) => within(path, across(i), down(i))), adds); later(); return; }
    const hit = nearest(...at(event));
    point(hit);
    if (hit >= 0 && adds) toggle(hit); else if (hit >= 0) choose([hit]);
  }

  // Whether a point is in a polygon: a line from it to the right then crosses the border an odd number of times.
  function within(path, left, top) {
    let inside = false;
    for (let i = 0, j = path.length - 1; i < path.length; j = i, i += 1) {
      const [x1, y1] = path[i], [x2, y2] = path[j];
      if (y1 > top !== y2 > top && left < x1 + ((x2 - x1) * (top - y1)) / (y2 - y1)) inside = !inside;
    }
    return inside;
  }

  const bytes = (data) => data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  function onMessage(message, buffers) {
    if (message.type === "points") {
      if (message.version !== version) { forget(); point(-1); }
      version = message.version;
      [places, groups] = [new Float32Array(bytes(buffers[0])), new Uint8Array(bytes(buffers[1]))];
      selected = new Set(new Uint32Array(bytes(buffers[2])));
      current = Math.min(current, groups.length - 1);
      drawLegend();
    } else if (message.version !== version) return;
    else if (message.type === "selection") selected = new Set(new Uint32Array(bytes(buffers[0])));
    else if (message.type === "photo") {
      photos.set(message.number, { name: message.name, lines: message.lines, url: safeUrl(message.address ?? "") });
      if (message.thumbnail && !message.address) askForBytes(message.number);
    }
    else if (message.type === "bytes" && buffers[0]?.byteLength && photos.has(message.number)) photos.get(message.number).url = URL.createObjectURL(new Blob([buffers[0]]));
    if (message.number === current) showPicture();
    later();
  }
  function forget() {
    for (const { url } of photos.values()) if (url.startsWith("blob:")) URL.revokeObjectURL(url);
    photos = new Map();
  }

  const size = new ResizeObserver(() => { const fitted = k === least(); width = plot.clientWidth; height = plot.clientHeight; if (fitted) fit(); later(); });
  const theme = new MutationObserver(later);
  size.observe(plot);
  theme.observe(document.body, { attributes: true });
  plot.addEventListener("wheel", onWheel, { passive: false });
  useLasso(true);
  draw();
  model.on("msg:custom", onMessage);
  model.send({ type: "points" });
  const undo = [watch(model, ["version"], () => { if (model.get("version") !== version) model.send({ type: "points" }); }), watch(model, ["groups"], () => { drawLegend(); later(); }), watch(model, ["count", "empty", "note"], later)];
  return () => { undo.forEach((each) => each()); model.off("msg:custom", onMessage); size.disconnect(); theme.disconnect(); cancelAnimationFrame(frame); forget(); };
}
export default { render };
