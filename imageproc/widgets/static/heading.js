function render({ model, el }) {
  const root = element("div", { class: "ip ip-heading" });
  el.append(root);
  function draw() {
    const below = model.get("below");
    root.replaceChildren(element(`h${model.get("level")}`, {}, model.get("text")), ...(below ? [element("p", {}, below)] : []));
  }
  draw();
  return watch(model, ["text", "below", "level"], draw);
}
export default { render };
