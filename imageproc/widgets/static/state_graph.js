const SVG_SIGNS = { SUCCEEDED: "✓", FAILED: "✕", CAUGHT: "↷", RUNNING: "●", RETRYING: "↻", ABORTED: "■" };
const SVG_WORDS = { CAUGHT: "failed, and went on", ABORTED: "cut off" };
const LEAST_SCALE = 0.8, MARGIN = 8;

function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const box = element("input", { type: "checkbox", onchange: () => { model.set("errors", box.checked); model.save_changes(); } });
  const legend = element("div", { class: "ip-legend" });
  const name = element("div", { class: "ip-graph-title" });
  const head = element("div", { class: "ip-graph-head" }, name, element("label", {}, box, " Paths of errors"), legend);
  const frame = element("div", { class: "ip-graph-frame" });
  const root = element("div", { class: "ip ip-state-graph" }, head, frame);
  el.append(root);
  let drawn = null, nodes = new Map(), lines = [], current = "";

  // The picture that fits: narrow where the wide one would be too small to read; whole if an error's path was taken.
  function wanted() {
    const all = model.get("layouts");
    if (!all.wide) return null;
    const usual = new Set(all["wide usual"].nodes.map((node) => node.id));
    const strayed = Object.keys(model.get("states")).some((name) => !usual.has(name));
    const suffix = model.get("errors") || strayed ? "" : " usual";
    const wide = all["wide" + suffix], room = frame.clientWidth || 800;
    return room < (wide.width + 2 * MARGIN) * LEAST_SCALE ? all["narrow" + suffix] : wide;
  }

  function draw() {
    const graph = wanted();
    if (graph === drawn && graph) return paintStates();
    drawn = graph; nodes = new Map(); lines = [];
    head.hidden = !graph;
    if (!graph) return frame.replaceChildren(element("p", { class: "ip-empty" }, model.get("empty")));
    const width = graph.width + 2 * MARGIN, height = graph.height + 2 * MARGIN;
    const svg = shape("svg", { viewBox: `${-MARGIN} ${-MARGIN} ${width} ${height}`, role: "group", "aria-label": model.get("title") });
    svg.style.maxWidth = `${width}px`;
    svg.style.minWidth = `${width * LEAST_SCALE}px`;
    const made = graph.nodes.map(drawNode);
    svg.append(...made.filter((_, index) => graph.nodes[index].group));
    for (const bus of graph.buses) svg.append(drawLine(bus));
    for (const line of graph.lines) {
      const path = drawLine(line);
      if (line.title) path.prepend(shape("title", {}, line.title));
      lines.push([path, line]);
      svg.append(path);
    }
    svg.append(...graph.lines.filter((line) => line.label).map(drawLabel), ...made.filter((_, index) => !graph.nodes[index].group));
    svg.addEventListener("keydown", walk);
    frame.replaceChildren(svg);
    paintStates();
  }

  function drawLine({ d, arrow, error, shared }) {
    const made = shape("g", { class: "ip-line" }, shape("path", { d }), shape("path", { d: arrow, class: "ip-arrow" }));
    made.toggleAttribute("data-error", Boolean(error));
    made.toggleAttribute("data-shared", Boolean(shared));
    return made;
  }

  function drawLabel({ label, at, anchor, title }) {
    return shape("text", { class: "ip-line-label", x: at[0], y: at[1], "text-anchor": anchor }, label, shape("title", {}, title));
  }

  function drawNode(node) {
    const { id, x, y, width, height } = node;
    if (!node.lines.length) return shape("circle", { class: "ip-mark", cx: x + width / 2, cy: y + height / 2, r: width / 2 });
    const first = node.group ? y + 20 : y + height / 2 + 4.5 - (node.lines.length - 1) * 8.5;
    const sign = shape("text", { class: "ip-sign", x: x + 9, y: node.group ? first : y + height / 2 + 4.5 });
    const texts = node.lines.map((text, index) => shape("text", { x: x + width / 2 + 7, y: first + 17 * index, "text-anchor": "middle" }, text));
    const title = shape("title");
    const made = shape("g", { class: node.group ? "ip-node ip-nest" : "ip-node", role: "button", tabindex: -1 },
      title, shape("rect", { x, y, width, height, rx: 6 }), sign, ...texts);
    made.toggleAttribute("data-unusual", node.unusual);
    made.addEventListener("click", (event) => { event.stopPropagation(); choose(id); });
    made.addEventListener("focus", () => rove(id));
    nodes.set(id, { made, sign, title, node });
    return made;
  }

  function paintStates() {
    const states = model.get("states"), selected = model.get("selected");
    const taken = new Set(model.get("taken").map(([source, target]) => `${source}\n${target}`));
    name.textContent = model.get("title");
    frame.querySelector("svg")?.setAttribute("aria-label", model.get("title"));
    box.checked = model.get("errors");
    for (const [id, { made, sign, title, node }] of nodes) {
      const status = states[id] ?? "";
      const text = `${id}, ${node.type}${status ? `: ${SVG_WORDS[status] ?? status.toLowerCase()}` : ""}`;
      if (made.dataset.status !== status) { made.dataset.status = status; sign.textContent = SVG_SIGNS[status] ?? ""; }
      if (made.getAttribute("aria-label") !== text) { made.setAttribute("aria-label", text); title.textContent = text; }
      made.setAttribute("aria-pressed", String(id === selected));
    }
    for (const [path, { source, target }] of lines) path.toggleAttribute("data-taken", taken.has(`${source}\n${target}`));
    const present = [...new Set(Object.values(states))].sort();
    legend.textContent = present.map((status) => `${SVG_SIGNS[status]} ${SVG_WORDS[status] ?? status.toLowerCase()}`).join("   ");
    rove(nodes.has(current) ? current : nodes.has(selected) ? selected : nodes.keys().next().value);
  }

  // One state is in the order of Tab; the arrows go from there.
  function rove(id) {
    if (!nodes.has(id)) return;
    nodes.get(current)?.made.setAttribute("tabindex", -1);
    current = id;
    nodes.get(id).made.setAttribute("tabindex", 0);
  }

  function choose(id) { model.set("selected", id); model.save_changes(); rove(id); paintStates(); }

  function walk(event) {
    const ways = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
    if (event.key === "Enter" || event.key === " ") choose(current);
    else if (ways[event.key]) nodes.get(nearest(ways[event.key]) ?? current).made.focus();
    else if (event.key === "Home") nodes.get(nodes.keys().next().value).made.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function nearest([dx, dy]) {
    const middle = ({ node }) => [node.x + node.width / 2, node.group ? node.y + 10 : node.y + node.height / 2];
    const [x, y] = middle(nodes.get(current));
    let best = null, least = Infinity;
    for (const [id, one] of nodes) {
      const [ox, oy] = middle(one), along = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      const far = along + 2 * aside;
      if (id !== current && along > 1 && far < least) { best = id; least = far; }
    }
    return best;
  }

  const watcher = new ResizeObserver(() => draw());
  draw();
  watcher.observe(frame);
  const undo = [watch(model, ["layouts", "errors", "states", "taken", "title", "empty"], draw), watch(model, ["selected"], paintStates)];
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  // The only message. To bring it just into view leaves what was pressed there, if there is room for both.
  const reveal = ({ nearest }) => requestAnimationFrame(() => (nearest ? root.scrollIntoView({ block: "nearest", behavior }) : head.scrollIntoView({ block: "start" })));
  model.on("msg:custom", reveal);
  return () => { watcher.disconnect(); model.off("msg:custom", reveal); undo.forEach((each) => each()); };
}
export default { render };
