const FIRST_ROWS = 10, MORE_ROWS = 50;

function render({ model, el }) {
  const caption = element("caption"), head = element("thead"), body = element("tbody");
  const table = element("table", { class: "ip-table" }, caption, head, body);
  const more = element("button", { type: "button", class: "ip-more", onclick: () => { limit += MORE_ROWS; draw(); } });
  const box = element("div", { class: "ip ip-data-table", role: "group" }, table, more);
  let limit = FIRST_ROWS;
  el.append(box);

  function draw() {
    const columns = model.get("columns"), rows = model.get("rows"), selectable = model.get("selectable"), follow = model.get("follow");
    caption.textContent = model.get("caption");
    caption.hidden = !model.get("caption");
    box.setAttribute("aria-label", model.get("caption") || columns.join(", "));
    head.hidden = !rows.length;
    head.replaceChildren(element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name))));
    const left = Math.max(0, rows.length - limit), from = follow ? left : 0; // with `follow` the last rows are shown
    const shown = rows.slice(from, from + limit);
    body.replaceChildren(...shown.map((row, index) => drawRow(row, from + index, columns, selectable)));
    if (!rows.length) body.append(element("tr", {}, element("td", { colspan: columns.length, class: "ip-empty" }, model.get("empty"))));
    more.hidden = !left;
    more.textContent = `Show ${Math.min(left, MORE_ROWS)} ${follow ? "earlier ones" : "more"} of ${rows.length}`;
    mark();
    fit();
  }

  function drawRow(row, index, columns, selectable) {
    const cells = row.map((cell, column) => element("td", { "data-column": columns[column] }, ...cellContent(cell)));
    if (selectable && cells.length) {
      const chosen = element("button", { type: "button", class: "ip-choose", onclick: () => choose(index) }, ...cellContent({ ...row[0], href: "", copy: false }));
      cells[0].replaceChildren(chosen);
    }
    return element("tr", { "data-index": index }, ...cells);
  }

  function choose(index) { model.set("selected", index); model.save_changes(); mark(); }
  function mark() {
    const selected = String(model.get("selected"));
    for (const row of body.children) {
      row.toggleAttribute("data-selected", row.dataset.index === selected);
      row.querySelector(".ip-choose")?.setAttribute("aria-pressed", String(row.dataset.index === selected));
    }
  }

  const [fit, unwatchSize] = fitting(box, table);
  draw();
  const undo = [watch(model, ["columns", "rows", "caption", "empty", "selectable"], draw), watch(model, ["selected"], mark), unwatchSize];
  return () => undo.forEach((each) => each());
}
export default { render };
