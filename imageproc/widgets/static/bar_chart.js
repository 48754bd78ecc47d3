function render({ model, el }) {
  const caption = element("caption"), head = element("thead"), body = element("tbody");
  const root = element("div", { class: "ip ip-bar-chart" }, element("table", {}, caption, head, body));
  el.append(root);

  function row({ name, value, segments }) {
    const bar = element("div", { class: "ip-bar", "aria-hidden": "true" });
    for (const [percent, tone] of segments) {
      const part = element("span", { "data-tone": tone });
      part.style.width = `${percent}%`;
      bar.append(part);
    }
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, bar), element("td", {}, value));
  }

  function draw() {
    const [name, value] = model.get("columns"), bars = model.get("bars");
    caption.textContent = model.get("caption");
    head.replaceChildren(element("tr", { class: "ip-visually-hidden" }, element("th", { scope: "col" }, name), element("td", {}), element("th", { scope: "col" }, value)));
    body.replaceChildren(...bars.map(row));
    if (!bars.length) body.append(element("tr", {}, element("td", { colspan: 3, class: "ip-empty" }, model.get("empty"))));
  }
  draw();
  return watch(model, ["caption", "columns", "bars", "empty"], draw);
}
export default { render };
