// A search field (an ARIA combobox), chips, an order, and values with counts in a fold.

function render({ model, el }) {
  const id = `ip-search-${Math.random().toString(36).slice(2)}`;
  const field = element("input", { type: "text", role: "combobox", spellcheck: "false", autocomplete: "off", "aria-label": "Search photos", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-describedby": `${id}-problem`, oninput: onInput, onkeydown: onKey, onblur: () => setTimeout(close, 150), "data-lm-suppress-shortcuts": "true" });
  const list = element("ul", { class: "ip-suggestions", role: "listbox", id: `${id}-list`, "aria-label": "Suggestions", hidden: true });
  const wipe = element("button", { type: "button", class: "ip-wipe", "aria-label": "Clear the search", title: "Clear the search", onclick: () => { field.value = ""; search(); field.focus(); } }, "✕");
  const order = element("select", { "aria-label": "Order", onchange: () => model.send({ type: "order", text: order.value }) });
  const copy = element("button", { type: "button", title: "Copy the Python that finds these photos", onclick: () => model.send({ type: "copy" }) }, "Copy Python");
  const problem = element("p", { class: "ip-problem", id: `${id}-problem`, role: "alert" });
  const chips = element("ul", { class: "ip-chips", "aria-label": "Conditions" });
  const summary = element("span", { class: "ip-summary", role: "status", "aria-live": "polite" });
  const groups = element("div", { class: "ip-facets" }), help = element("p", { class: "ip-help" });
  const fold = element("details", { class: "ip-fold", ontoggle: () => model.send({ type: "facets", open: fold.open }) }, element("summary", {}, "Filter"), groups, help);
  const root = element("div", { class: "ip ip-search" },
    element("div", { class: "ip-search-row" }, element("div", { class: "ip-field", role: "search" }, element("span", { class: "ip-glass", "aria-hidden": "true" }, "⌕"), field, wipe, list), order),
    problem, element("div", { class: "ip-found" }, summary, chips, copy), fold);
  el.append(root);
  let timer = 0, shown = [], active = -1, sent = null;

  function send() { sent = field.value; model.send({ type: "search", text: sent }); }
  function search() { close(); clearTimeout(timer); send(); wipe.hidden = !field.value; }
  function onInput() {
    wipe.hidden = !field.value;
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.send({ type: "suggest", text: field.value, number: field.selectionStart });
      const begun = /:$/.test(field.value) || (field.value.split('"').length % 2 === 0);
      if (!begun) send();
    }, 200);
  }
  function close() { list.hidden = true; active = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); }
  function choose(index) {
    field.value = shown[index].text;
    search();
    field.focus();
    if (field.value.endsWith(":")) onInput();
  }
  function mark(index) {
    active = index;
    [...list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === index)));
    if (index >= 0) field.setAttribute("aria-activedescendant", list.children[index].id); else field.removeAttribute("aria-activedescendant");
  }
  function onKey(event) {
    event.stopPropagation();
    const last = shown.length - 1;
    if (event.key === "ArrowDown" && !list.hidden) mark(active >= last ? 0 : active + 1);
    else if (event.key === "ArrowUp" && !list.hidden) mark(active <= 0 ? last : active - 1);
    else if (event.key === "Enter") { if (active >= 0) choose(active); else search(); }
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
  }
  function onMessage(message) {
    if (message.type === "copy") copyText(message.text).then((done) => { copy.textContent = done ? "✓ Copied" : "Not allowed"; setTimeout(() => { copy.textContent = "Copy Python"; }, 2500); });
    if (message.type !== "suggestions" || message.of !== field.value || document.activeElement !== field) return;
    shown = message.found;
    active = -1;
    list.replaceChildren(...shown.map(({ label, detail }, index) => element("li", { role: "option", id: `${id}-${index}`, "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); choose(index); } }, element("span", {}, label), element("span", { class: "ip-detail" }, detail))));
    list.hidden = !shown.length;
    field.setAttribute("aria-expanded", String(shown.length > 0));
  }

  function draw() {
    wipe.hidden = !field.value;
    field.placeholder = model.get("placeholder");
    field.setAttribute("aria-invalid", String(Boolean(model.get("problem"))));
    problem.textContent = model.get("problem") ? `${STATE_SIGNS.error} ${model.get("problem")}` : "";
    const found = model.get("summary");
    summary.textContent = found && model.get("problem") ? `Still shown: ${found}` : found;
    help.textContent = model.get("help");
    order.replaceChildren(...model.get("orders").map(([name, label]) => element("option", { value: name, selected: name === model.get("order") }, label)));
    order.hidden = !model.get("orders").length;
    drawChips();
    drawFacets();
  }
  function drawChips() {
    chips.replaceChildren(...model.get("chips").map((text, number) => element("li", { class: "ip-chip" }, element("span", { class: "ip-chip-text", title: text }, text),
      element("button", { type: "button", "aria-label": `Remove ${text}`, title: "Remove", onclick: () => { model.send({ type: "remove", number }); } }, "✕"))));
    chips.hidden = !model.get("chips").length;
  }
  function drawFacets() {
    const active = new Set(model.get("chips"));
    groups.replaceChildren(...model.get("facets").map(({ name, values }) => element("section", { class: "ip-facet", "aria-label": name }, element("h4", {}, name),
      element("ul", {}, ...values.map(({ label, count, term }) => {
        const on = active.has(term);
        return element("li", {}, element("button", { type: "button", "aria-pressed": String(on), title: label, onclick: () => { if (on) model.send({ type: "remove", number: model.get("chips").indexOf(term) }); else { model.send({ type: "search", text: `${model.get("text")} ${term}`.trim() }); } } },
          element("span", { class: "ip-value" }, label), element("span", { class: "ip-count" }, count.toLocaleString("en"))));
      })))));
  }
  // What the kernel changed (a chip was removed, the map was searched) shows in the field; what is being written stays.
  function onText() { if (document.activeElement !== field || model.get("text") !== sent) { field.value = sent = model.get("text"); wipe.hidden = !sent; } }

  field.value = model.get("text");
  draw();
  model.on("msg:custom", onMessage);
  const undo = [watch(model, ["text"], onText), watch(model, ["chips", "problem", "summary", "orders", "order", "facets", "help", "placeholder"], draw)];
  return () => { undo.forEach((each) => each()); model.off("msg:custom", onMessage); clearTimeout(timer); };
}
export default { render };
