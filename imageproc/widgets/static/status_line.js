function render({ model, el }) {
  const text = element("span", { role: "status", "aria-live": "polite" });
  const bar = element("progress", { max: 1, "aria-label": "Progress" });
  const stop = element("button", { type: "button", onclick: () => model.send({ type: "stop" }) });
  const root = element("div", { class: "ip ip-status-line" }, text, bar, stop);
  el.append(root);
  function draw() {
    const tone = model.get("tone"), total = model.get("total");
    text.replaceChildren(toned(model.get("text"), tone));
    bar.hidden = tone !== "running";
    if (total > 0) bar.value = Math.min(1, model.get("done") / total);
    else bar.removeAttribute("value");
    stop.textContent = model.get("stop");
    stop.hidden = !model.get("stoppable");
    root.hidden = !model.get("text");
  }
  draw();
  return watch(model, ["text", "tone", "done", "total", "stoppable", "stop"], draw);
}
export default { render };
