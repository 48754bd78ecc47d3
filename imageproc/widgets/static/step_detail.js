function render({ model, el }) {
  const root = element("div", { class: "ip ip-step-detail", role: "region", "aria-label": "Step" });
  el.append(root);
  const open = new Map(); // keeps what the user folded or unfolded

  function value([name, text]) {
    const lines = text.split("\n").length, long = lines > 14 || text.length > 800;
    const summary = lines > 1 ? `${name} (${lines} lines)` : name;
    const folded = element("details", {}, element("summary", {}, summary), element("pre", {}, text));
    folded.open = open.get(name) ?? !long;
    folded.addEventListener("toggle", () => open.set(name, folded.open));
    return folded;
  }

  let shown = "";
  function draw() {
    const heading = model.get("heading"), tone = model.get("tone"), now = JSON.stringify([heading, tone, model.get("facts"), model.get("values"), model.get("empty")]);
    if (now === shown) return;
    shown = now;
    if (!heading) return root.replaceChildren(element("p", { class: "ip-empty" }, model.get("empty")));
    const facts = model.get("facts").flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
    root.replaceChildren(element("div", { class: "ip-step-name" }, toned(heading, tone)), element("dl", {}, ...facts), ...model.get("values").map(value));
  }
  draw();
  return watch(model, ["heading", "tone", "facts", "values", "empty"], draw);
}
export default { render };
