// An equirectangular map. The view is a centre in degrees and a scale in pixels for each degree.
const MAP_SVG = "http://www.w3.org/2000/svg", MAP_NEAR = 30, MAP_DEEPEST = 20000, KM_PER_DEGREE = 111.2;

function mapShape(tag, attributes = {}) {
  const made = document.createElementNS(MAP_SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Longitudes go round: the shortest way from one to another is at most half a turn.
const mapTurn = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;

function render({ model, el }) {
  const world = mapShape("g"), lines = mapShape("path", { class: "ip-graticule" });
  const copies = [-36000, 0, 36000].map((shift) => {
    const land = mapShape("path", { class: "ip-land" }), borders = mapShape("path", { class: "ip-borders" });
    const copy = mapShape("g", { transform: `translate(${shift} 0)` });
    copy.append(land, borders);
    world.append(copy);
    return { land, borders };
  });
  const svg = mapShape("svg", { "aria-hidden": "true" });
  svg.append(world, lines);
  const names = element("div", { class: "ip-degrees", "aria-hidden": "true" }), markers = element("div", { class: "ip-markers" });
  const scale = element("span", { class: "ip-scale", "aria-hidden": "true" });
  const rectangle = element("div", { class: "ip-rectangle", hidden: true });
  const map = element("div", { class: "ip-map", tabindex: 0, role: "group", "aria-label": "Map of photos: arrows move it, plus and minus zoom, 0 shows all", onkeydown: onKey, onpointerdown: onDown, onpointermove: onMove, onpointerup: onUp, onpointercancel: () => { drag = null; drawArea(false); } }, svg, names, markers, rectangle, scale);
  const button = (label, text, handler) => element("button", { type: "button", "aria-label": label, title: label, onclick: handler }, text);
  const area = button("Draw a rectangle: only photos in it (or drag with Shift)", "▭ Area", () => drawArea(drawing === null)), here = button("Only photos in this part of the map", "Search here", () => within(0, 0, width, height));
  area.setAttribute("aria-pressed", "false");
  const tools = element("div", { class: "ip-tools" }, area, here, button("Zoom in", "+", () => zoom(2)), button("Zoom out", "−", () => zoom(0.5)), button("Show all", "All", () => { fit(); draw(); }));
  const said = element("p", { class: "ip-said", role: "status", "aria-live": "polite" }), empty = element("p", { class: "ip-empty" });
  const root = element("div", { class: "ip ip-photo-map" }, element("div", { class: "ip-holder" }, map, tools), said, empty);
  el.append(root);
  let x = 0, y = 0, k = 2, width = 0, height = 0, fitted = false, drag = null, frame = 0, drawing = null, areas = false;
  let version = -1, numbers = new Uint32Array(0), degrees = new Float32Array(0), chosen = new Set();

  const later = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };
  const shallowest = () => Math.max(width / 360, 0.5);

  // The smallest view with all places: it begins after the widest gap between longitudes.
  function fit() {
    fitted = Boolean(width);
    if (!numbers.length || !width) return;
    const turns = new Float32Array(numbers.length);
    let high = -90, low = 90;
    for (let i = 0; i < turns.length; i += 1) { const latitude = degrees[2 * i]; turns[i] = degrees[2 * i + 1]; high = Math.max(high, latitude); low = Math.min(low, latitude); }
    turns.sort();
    let gap = turns[0] + 360 - turns.at(-1), west = turns[0];
    for (let i = 1; i < turns.length; i += 1) if (turns[i] - turns[i - 1] > gap) { gap = turns[i] - turns[i - 1]; west = turns[i]; }
    x = mapTurn(west + (360 - gap) / 2);
    y = (high + low) / 2;
    k = Math.min(width / Math.max(20, (360 - gap) * 1.25), height / Math.max(12, (high - low) * 1.3));
  }

  function settle() {
    k = Math.max(shallowest(), Math.min(MAP_DEEPEST, k));
    const spare = Math.max(0, 90 - height / 2 / k);
    y = Math.max(-spare, Math.min(spare, y));
    x = mapTurn(x);
  }

  function draw() {
    const some = model.get("count") > 0;
    root.firstChild.hidden = said.hidden = !some;
    area.hidden = here.hidden = !areas;
    empty.hidden = some;
    empty.textContent = model.get("empty");
    if (!some || !width) return;
    if (!fitted) fit();
    settle();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    world.setAttribute("transform", `translate(${width / 2 - x * k} ${height / 2 + y * k}) scale(${k / 100})`);
    drawGraticule();
    drawMarkers();
    drawScale();
    tell();
  }

  function drawGraticule() {
    const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005].filter((each) => each * k >= 70).at(-1) || 30;
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), labels = [];
    let path = "";
    const text = (value, signs) => `${Math.abs(value).toFixed(digits)}°${Number(value.toFixed(digits)) === 0 || Math.abs(value) === 180 ? "" : signs[value < 0 ? 1 : 0]}`;
    for (let line = Math.ceil((x - width / 2 / k) / step) * step; line <= x + width / 2 / k; line += step) {
      const at = width / 2 + (line - x) * k;
      path += `M${at.toFixed(1)} 0V${height}`;
      labels.push([text(mapTurn(line), "EW"), at + 3, height - 17]);
    }
    for (let line = Math.ceil(Math.max(-90, y - height / 2 / k) / step) * step; line <= Math.min(90, y + height / 2 / k) + 1e-9; line += step) {
      const at = height / 2 - (line - y) * k;
      path += `M0 ${at.toFixed(1)}H${width}`;
      labels.push([text(line, "NS"), 4, at + 1]);
    }
    lines.setAttribute("d", path);
    names.replaceChildren(...labels.map(([label, left, top]) => {
      const name = element("span", {}, label);
      name.style.left = `${left}px`;
      name.style.top = `${top}px`;
      return name;
    }));
  }

  // Places in view, by cells of the screen; a cell's marker stands where its photos are on average.
  function clusters() {
    const cells = new Map(), columns = Math.ceil(width / MAP_NEAR) + 4;
    for (let i = 0; i < numbers.length; i += 1) {
      const left = width / 2 + mapTurn(degrees[2 * i + 1] - x) * k, top = height / 2 - (degrees[2 * i] - y) * k;
      if (left < -20 || left > width + 20 || top < -20 || top > height + 20) continue;
      const key = Math.floor(top / MAP_NEAR) * columns + Math.floor(left / MAP_NEAR), cell = cells.get(key);
      if (cell) { cell.left += left; cell.top += top; cell.members.push(i); } else cells.set(key, { left, top, members: [i] });
    }
    const found = [];
    for (const cell of [...cells.values()].sort((a, b) => b.members.length - a.members.length)) {
      const left = cell.left / cell.members.length, top = cell.top / cell.members.length;
      const near = found.find((one) => Math.hypot(one.left - left, one.top - top) < MAP_NEAR);
      if (near) near.members = near.members.concat(cell.members); else found.push({ left, top, members: cell.members });
    }
    return found;
  }

  const countText = (count) => count < 1000 ? String(count) : count < 1e4 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
  const placeText = (i) => `${Math.abs(degrees[2 * i]).toFixed(2)}° ${degrees[2 * i] < 0 ? "S" : "N"}, ${Math.abs(degrees[2 * i + 1]).toFixed(2)}° ${degrees[2 * i + 1] < 0 ? "W" : "E"}`;

  function drawMarkers() {
    const held = markers.contains(document.activeElement) ? document.activeElement.dataset.first : null;
    markers.replaceChildren(...clusters().map(({ left, top, members }) => {
      const one = members.length === 1, label = `${one ? "1 photo" : `${members.length.toLocaleString("en")} photos`} near ${placeText(members[0])}`;
      const made = element("button", { type: "button", class: "ip-marker", "aria-label": label, title: label, "data-first": numbers[members[0]], "aria-pressed": String(members.some((i) => chosen.has(numbers[i]))), onclick: () => choose(members) }, one ? "" : countText(members.length));
      made.style.left = `${left}px`;
      made.style.top = `${top}px`;
      return made;
    }));
    if (held) [...markers.children].find((each) => each.dataset.first === held)?.focus({ preventScroll: true });
  }

  function drawScale() {
    const kilometre = (k / KM_PER_DEGREE) / Math.max(0.05, Math.cos((y * Math.PI) / 180)), room = 110 / kilometre;
    const power = 10 ** Math.floor(Math.log10(room)), length = [5, 2, 1].map((each) => each * power).find((each) => each <= room);
    scale.style.width = `${length * kilometre}px`;
    scale.textContent = length >= 1 ? `${length} km` : `${Math.round(length * 1000)} m`;
  }

  function choose(members) {
    const picked = Uint32Array.from(members, (i) => numbers[i]).sort();
    chosen = new Set(picked);
    model.send({ type: "choose", version }, undefined, [picked.buffer]);
    draw();
  }

  function tell() {
    const count = model.get("count"), picked = chosen.size;
    said.textContent = [model.get("note") || `${count.toLocaleString("en")} ${count === 1 ? "photo" : "photos"} on the map.`, picked ? `${picked.toLocaleString("en")} chosen.` : "", drawing !== null ? "Draw a rectangle on the map." : ""].filter(Boolean).join(" ");
  }

  // An area: what lies between two corners of the map, in degrees.
  function within(left, top, right, bottom) {
    const south = Math.max(-90, y - (bottom - height / 2) / k), north = Math.min(90, y + (height / 2 - top) / k);
    const all = (right - left) / k >= 360, west = all ? -180 : mapTurn(x + (left - width / 2) / k), east = all ? 180 : mapTurn(x + (right - width / 2) / k);
    model.send({ type: "within", box: [south, west, north, east] });
  }
  function drawArea(on) {
    drawing = on ? [] : null;
    area.setAttribute("aria-pressed", String(on));
    map.classList.toggle("ip-drawing", on);
    rectangle.hidden = true;
    tell();
  }

  // Zooms, with the place under the pointer staying where it is; without one, what was chosen or the centre.
  function zoom(factor, left = width / 2, top = height / 2, pointed = false) {
    const before = k, picked = chosen.size && !pointed ? numbers.indexOf([...chosen][0]) : -1;
    if (picked >= 0) { x = degrees[2 * picked + 1]; y = degrees[2 * picked]; }
    k = Math.max(shallowest(), Math.min(MAP_DEEPEST, k * factor));
    x += (left - width / 2) * (1 / before - 1 / k);
    y -= (top - height / 2) * (1 / before - 1 / k);
    later();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (moves) { x += (moves[0] * width) / 6 / k; y += (moves[1] * height) / 6 / k; later(); }
    else if (event.key === "+" || event.key === "=") zoom(2);
    else if (event.key === "-") zoom(0.5);
    else if (event.key === "Escape" && drawing !== null) drawArea(false);
    else if (event.key === "0" || event.key === "Home") { fit(); later(); }
    else if (event.key !== "Enter" && event.key !== " ") return;
    else return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
  }

  // The wheel zooms only while the map has the focus: who scrolls through the page must get past it.
  function onWheel(event) {
    if (!map.contains(document.activeElement) && !event.ctrlKey) return;
    event.preventDefault();
    const box = map.getBoundingClientRect();
    zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 200), event.clientX - box.left, event.clientY - box.top, true);
  }

  const point = (event) => { const box = map.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  function onDown(event) {
    if (event.button !== 0 || event.target.closest(".ip-marker")) return;
    if (areas && event.shiftKey) drawArea(true);
    drag = drawing ? point(event) : [event.clientX, event.clientY];
    map.setPointerCapture(event.pointerId);
  }
  function corners(event) { const [left, top] = point(event); return [Math.min(left, drag[0]), Math.min(top, drag[1]), Math.max(left, drag[0]), Math.max(top, drag[1])]; }
  function onUp(event) {
    if (drag && drawing) {
      const [left, top, right, bottom] = corners(event);
      if (right - left > 4 && bottom - top > 4) within(left, top, right, bottom);
      drawArea(false);
    }
    drag = null;
  }
  function onMove(event) {
    if (!drag) return;
    if (drawing) {
      const [left, top, right, bottom] = corners(event);
      rectangle.hidden = false;
      Object.assign(rectangle.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
      return;
    }
    x -= (event.clientX - drag[0]) / k;
    y += (event.clientY - drag[1]) / k;
    drag = [event.clientX, event.clientY];
    later();
  }

  function onMessage(message, buffers) {
    if (message.type === "outlines") for (const { land, borders } of copies) { land.setAttribute("d", message.land); borders.setAttribute("d", message.borders); }
    if (message.type !== "places") return;
    const bytes = (data) => data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    version = message.version;
    areas = message.areas;
    [numbers, degrees] = [new Uint32Array(bytes(buffers[0])), new Float32Array(bytes(buffers[1]))];
    chosen = new Set();
    fitted = false;
    draw();
  }

  const size = new ResizeObserver(() => { width = map.clientWidth; height = map.clientHeight; later(); });
  size.observe(map);
  map.addEventListener("wheel", onWheel, { passive: false });
  draw();
  model.on("msg:custom", onMessage);
  model.send({ type: "outlines" });
  model.send({ type: "places" });
  const undo = [watch(model, ["version"], () => model.send({ type: "places" })), watch(model, ["count", "empty", "note"], () => { tell(); later(); })];
  return () => { undo.forEach((each) => each()); model.off("msg:custom", onMessage); size.disconnect(); cancelAnimationFrame(frame); };
}
export default { render };
