function render({ model, el }) {
  // The roles are said, as a grid's layout takes a table's own away.
  const caption = element("caption"), head = element("thead", { role: "rowgroup" }), body = element("tbody", { role: "rowgroup" });
  const root = element("div", { class: "ip ip-bar-chart" }, element("table", { role: "table" }, caption, head, body));
  el.append(root);

  function row({ name, value, segments }) {
    const bar = element("div", { class: "ip-bar", "aria-hidden": "true" });
    for (const [percent, tone] of segments) {
      const part = element("span", { "data-tone": tone });
      part.style.width = `${percent}%`;
      bar.append(part);
    }
    return element("tr", { role: "row" }, element("th", { scope: "row", role: "rowheader" }, ...words(name)), element("td", { role: "cell" }, bar), element("td", { role: "cell" }, value));
  }

  // A step's name may be broken between its words.
  function words(name) { return name.split(/(?<=[a-z])(?=[A-Z])/).flatMap((word) => [element("wbr"), word]); }

  function draw() {
    const [name, value] = model.get("columns"), bars = model.get("bars");
    caption.textContent = model.get("caption");
    head.replaceChildren(element("tr", { class: "ip-visually-hidden", role: "row" }, ...[name, "Bar", value].map((text) => element("th", { scope: "col", role: "columnheader" }, text))));
    body.replaceChildren(...bars.map(row));
    if (!bars.length) body.append(element("tr", { role: "row" }, element("td", { role: "cell", class: "ip-empty" }, model.get("empty"))));
  }
  draw();
  return watch(model, ["caption", "columns", "bars", "empty"], draw);
}
export default { render };
