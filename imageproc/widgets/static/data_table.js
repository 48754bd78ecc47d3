function render({ model, el }) {
  const caption = element("caption"), head = element("thead"), body = element("tbody");
  const box = element("div", { class: "ip ip-data-table", tabindex: 0, role: "group" }, element("table", {}, caption, head, body));
  el.append(box);

  function content({ text, tone, href }) {
    const sign = STATE_SIGNS[tone], shown = (sign ? `${sign} ` : "") + text;
    if (safeUrl(href)) return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, shown);
    return tone ? element("span", { "data-tone": tone }, shown) : shown;
  }

  function draw() {
    const columns = model.get("columns"), rows = model.get("rows"), selectable = model.get("selectable");
    caption.textContent = model.get("caption");
    caption.hidden = !model.get("caption");
    box.setAttribute("aria-label", model.get("caption") || columns.join(", "));
    head.replaceChildren(element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name))));
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    body.replaceChildren(...rows.map((row, index) => drawRow(row, index, columns, selectable)));
    if (!rows.length) body.append(element("tr", {}, element("td", { colspan: columns.length, class: "ip-empty" }, model.get("empty"))));
    if (model.get("follow") && atEnd) box.scrollTop = box.scrollHeight;
    mark();
  }

  function drawRow(row, index, columns, selectable) {
    const cells = row.map((cell, column) => element("td", { "data-column": columns[column] }, content(cell)));
    if (selectable && cells.length) {
      const button = element("button", { type: "button", class: "ip-choose", onclick: () => choose(index) }, row[0].text);
      cells[0].replaceChildren(button);
    }
    return element("tr", {}, ...cells);
  }

  function choose(index) { model.set("selected", index); model.save_changes(); mark(); }
  function mark() {
    const selected = model.get("selected");
    [...body.children].forEach((row, index) => {
      row.toggleAttribute("data-selected", index === selected);
      row.querySelector(".ip-choose")?.setAttribute("aria-pressed", String(index === selected));
    });
  }

  draw();
  const undo = [watch(model, ["columns", "rows", "caption", "empty", "selectable"], draw), watch(model, ["selected"], mark)];
  return () => undo.forEach((each) => each());
}
export default { render };
