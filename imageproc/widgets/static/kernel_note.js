// Says in a notebook that the kernel is gone: what it made would look alive, and answer nothing.
const RESTARTED = "The kernel was restarted: run the cells again.", ENDED = "The kernel has ended: run the cells again.";
const GONE = { restarting: RESTARTED, autorestarting: RESTARTED, dead: ENDED, terminating: ENDED };

const NOT_FOUND = "model not found", VIEW = "application/vnd.jupyter.widget-view+json";

// A view does not get its own model, but that of its layout, which lives and ends with it.
function render({ model, el }) {
  const session = model.widget_manager?.context?.sessionContext, twin = model.get("layout");
  if (!session || document.body.dataset.voila) return undefined; // the web app has no cells, and a bar that says it
  const onStatus = (_, status) => { if (GONE[status]) sayGone(el, GONE[status]); };
  const onKernel = () => sayGone(el, ENDED);
  session.statusChanged.connect(onStatus);
  session.kernelChanged.connect(onKernel);
  if (twin?.comm_live === false) setTimeout(onKernel); // restored from the notebook alone
  return () => {
    session.statusChanged.disconnect(onStatus);
    session.kernelChanged.disconnect(onKernel);
  };
}

// JupyterLab looks for each widget of a page that is loaded again for two seconds. If the page was too busy to see
// that the widget had come, it gives up for good: the outputs of widgets that nothing shows are shown once more.
function initialize({ model }) {
  const manager = model.widget_manager, cells = manager?.context?.model?.cells;
  if (!cells || document.body.dataset.voila) return;
  keepState(model, cells);
  if (manager.ipLooksAgain) return;
  manager.ipLooksAgain = setTimeout(async () => {
    const outputs = [...document.querySelectorAll(".jp-OutputArea-output")];
    if (outputs.some((output) => output.textContent.endsWith(NOT_FOUND))) for (const cell of cells) await showAgain(manager, cell.outputs);
  }, 4000);
}

async function showAgain(manager, outputs) {
  for (let at = 0; at < (outputs?.length ?? 0); at += 1) {
    const output = outputs.get(at), id = output.data[VIEW]?.model_id;
    if (id && manager.has_model(id) && !Object.keys((await manager.get_model(id)).views).length) outputs.set(at, output.toJSON());
  }
}

// A page that has the panel's output before its model was loaded anew. It knows no display ID, so what the kernel
// updates by one would not be saved.
function keepState(model, cells) {
  const places = () => [...cells].flatMap(({ outputs }) => following(outputs, model.get("panel")));
  model.on("msg:custom", ({ type, data }) => {
    if (type === "keep") for (const { outputs, at } of places()) outputs.set(at, { ...outputs.get(at).toJSON(), data });
  });
  if (places().length) model.send({ type: "new page" });
}

// Where the outputs are that follow a widget's.
function following(outputs, id) {
  const found = [];
  for (let at = 1; at < (outputs?.length ?? 0); at += 1) if (outputs.get(at - 1).data?.[VIEW]?.model_id === id) found.push({ outputs, at });
  return found;
}

// Says it once above what a cell shows, and in a dialog that hides that; one of the page's notes is spoken.
function sayGone(el, text) {
  const output = el.closest(".jp-OutputArea-output") ?? el, cell = el.closest(".jp-OutputArea") ?? output;
  output.classList.add("ip-dead");
  if (!cell.querySelector(".ip-gone")) output.prepend(note(text, !document.querySelector(".ip-gone [role=alert]")));
  for (const dialog of output.querySelectorAll("dialog[open]:not(:has(.ip-gone))")) dialog.prepend(note(text, true));
}

function note(text, spoken) {
  return element("div", { class: "ip ip-gone" }, element("p", { role: spoken && "alert" }, toned(text, "warning")));
}
export default { initialize, render };
