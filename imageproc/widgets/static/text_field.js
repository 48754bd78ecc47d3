// A field for a line of text, in ipywidgets' looks. What is typed is sent in messages, in order with those of buttons.

function render({ model, el }) {
  const id = `ip-field-${Math.random().toString(36).slice(2)}`;
  const label = element("label", { class: "widget-label", for: id });
  const list = element("datalist", { id: `${id}-list` });
  const input = element("input", { id, type: "text", "data-lm-suppress-shortcuts": "true", oninput: () => tell("input"), onkeydown: onKey });
  el.classList.add("jupyter-widgets", "widget-inline-hbox", "widget-text", "ip-text-field");
  el.append(label, input, list);

  function tell(type) { model.set("value", input.value); model.send({ type, text: input.value }); }
  function onKey(event) {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) tell("enter");
  }
  function draw() {
    label.textContent = label.title = model.get("description");
    label.hidden = !label.textContent;
    if (input.value !== model.get("value")) input.value = model.get("value");
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    list.replaceChildren(...model.get("options").map((value) => element("option", { value })));
    if (model.get("options").length) input.setAttribute("list", list.id); else input.removeAttribute("list");
  }
  // A view that is being drawn is in the document, and shown, only a moment later.
  function takeFocus(frames = 60) {
    if (!model.get("focus_wanted")) return;
    if (!input.offsetParent && frames) { requestAnimationFrame(() => takeFocus(frames - 1)); return; }
    model.set("focus_wanted", false);
    model.save_changes();
    if (document.activeElement === input) return;
    input.focus();
    input.select();
  }
  draw();
  takeFocus();
  const undo = [
    watch(model, ["value", "description", "placeholder", "disabled", "options"], draw),
    // Later: what is set while a change is being told of is not sent to the kernel if that was the value before.
    watch(model, ["focus_wanted"], () => requestAnimationFrame(() => takeFocus())),
  ];
  return () => undo.forEach((each) => each());
}
export default { render };
