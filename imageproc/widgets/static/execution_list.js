function render({ model, el }) {
  const actions = { retry: "Retry", forget: "Forget…" };
  const filters = { all: "All", active: "Under way", failed: "Need attention" };
  const buttons = Object.keys(filters).map((name) => element("button", { type: "button", onclick: () => { model.set("filter", name); model.save_changes(); } }));
  const head = element("thead"), body = element("tbody"), known = new Map(), asked = [];
  const more = element("button", { type: "button", onclick: () => { model.set("limit", model.get("limit") + 50); model.save_changes(); } });
  const table = element("table", { class: "ip-table" }, head, body);
  const frame = element("div", { class: "ip-execution-frame", role: "group", "aria-label": "Photos" }, table, more);
  const [fit, unwatchSize] = fitting(frame, table);
  el.append(element("div", { class: "ip ip-execution-list" }, element("div", { class: "ip-filters", role: "group", "aria-label": "Which photos" }, ...buttons), frame));

  function update(row) {
    if (!known.has(row.key)) {
      const button = element("button", { type: "button", class: "ip-choose", title: row.name, onclick: () => choose(row.key) }, middleCut(row.name));
      known.set(row.key, { button, made: element("tr", {}, element("td", {}, element("div", { class: "ip-photo" }, button))), shown: "", image: null });
    }
    const one = known.get(row.key);
    if (row.picture && !one.image) {
      one.image = element("img", { alt: "", hidden: true, onerror: () => failed(row.key, one) });
      one.button.before(one.image);
      asked.push(row.key);
    }
    const columns = model.get("columns"), now = JSON.stringify([row.stages, row.actions]);
    if (one.shown !== now) {
      one.shown = now;
      one.made.replaceChildren(one.made.firstChild, ...row.stages.map((stage, index) => element("td", { "data-column": columns[index + 1] }, ...cellContent(stage))));
      if (row.actions.length) one.made.lastChild.append(element("div", { class: "ip-actions", role: "group", "aria-label": `What can be done about ${row.name}` }, ...row.actions.map((action) => act(action, row))));
    }
    return one.made;
  }

  // One long name would have all rows be cards.
  function middleCut(name) {
    const letters = [...name];
    return letters.length > 50 ? `${letters.slice(0, 30).join("")}…${letters.slice(-16).join("")}` : name;
  }

  function act(action, { key, name }) {
    return element("button", { type: "button", "aria-label": `${actions[action]} ${name}`, onclick: () => model.send({ action, key }) }, actions[action]);
  }

  function draw() {
    const rows = model.get("rows"), counts = model.get("counts"), columns = model.get("columns");
    buttons.forEach((button, index) => {
      const name = Object.keys(filters)[index];
      button.textContent = `${filters[name]} ${counts[name] ?? 0}`;
      button.setAttribute("aria-pressed", String(model.get("filter") === name));
      button.dataset.tone = name === "failed" && counts.failed ? "error" : "info";
    });
    head.hidden = !rows.length;
    head.replaceChildren(element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name))));
    const wanted = rows.length ? rows.map(update) : [element("tr", {}, element("td", { colspan: columns.length, class: "ip-empty" }, counts.all ? "None of these." : model.get("empty")))];
    const keys = new Set(rows.map((row) => row.key));
    for (const key of [...known.keys()]) if (!keys.has(key)) known.delete(key);
    for (const row of [...body.children]) if (!wanted.includes(row)) row.remove();
    wanted.forEach((row, index) => { if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null); });
    const left = (counts[model.get("filter")] ?? 0) - rows.length;
    more.hidden = left <= 0;
    more.textContent = `Show more (${left})`;
    mark();
    fit();
    ask();
  }

  // For pictures of new rows, and once more for those that neither S3 nor the kernel had: AWS was down, perhaps.
  function ask() {
    for (const [key, one] of known) if (one.tried && one.image.hidden) { one.tried = false; asked.push(key); }
    if (asked.length) model.send({ addresses: asked.splice(0) });
  }

  function failed(key, one) { // S3 may be out of the browser's reach: then the kernel has the bytes
    one.image.hidden = true;
    if (!one.tried) model.send({ bytes: key });
    one.tried = true;
  }

  function receive({ addresses, bytes }, buffers) {
    for (const [key, address] of Object.entries(addresses ?? {})) show(key, safeUrl(address ?? ""));
    if (buffers?.[0]?.byteLength) show(bytes, URL.createObjectURL(new Blob([buffers[0]])));
  }

  function show(key, url) {
    const image = known.get(key)?.image;
    if (!image || !url) return;
    image.onload = () => { if (url.startsWith("blob:")) URL.revokeObjectURL(url); };
    image.src = url;
    image.hidden = false;
  }

  function choose(key) { model.set("selected", key); model.save_changes(); mark(); ask(); model.send({ chosen: key }); }
  function mark() {
    const selected = model.get("selected");
    for (const [key, { made, button }] of known) {
      made.toggleAttribute("data-selected", key === selected);
      button.setAttribute("aria-pressed", String(key === selected));
    }
  }
  model.on("msg:custom", receive);
  draw();
  const undo = [() => model.off("msg:custom", receive), watch(model, ["rows", "counts", "columns", "filter", "empty"], draw), watch(model, ["selected"], mark), unwatchSize];
  return () => undo.forEach((each) => each());
}
export default { render };
