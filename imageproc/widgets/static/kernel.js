// What all widgets say in a notebook when their kernel is gone: they would look alive, and answer nothing.
const KERNEL_RESTARTED = "The kernel was restarted: run the cells again.", KERNEL_ENDED = "The kernel has ended: run the cells again.";
const KERNEL_GONE = { restarting: KERNEL_RESTARTED, autorestarting: KERNEL_RESTARTED, dead: KERNEL_ENDED, terminating: KERNEL_ENDED };

// Returns a widget that says in a notebook when its kernel is gone; the web app's top bar says it there.
function widget({ initialize, render }) {
  return {
    ...(initialize && { initialize }),
    render(context) {
      const cleanUp = render(context), stop = watchKernel(context);
      return () => { stop(); cleanUp?.(); };
    },
  };
}

// Watches the kernel. A view does not get its own model, but that of its layout, which lives and ends with it.
function watchKernel({ model, el }) {
  const session = model.widget_manager?.context?.sessionContext, twin = model.get("layout");
  if (!session || document.body.dataset.voila) return () => {}; // Voilà has no cells
  const onLive = () => { if (!twin.comm_live) sayGone(el, KERNEL_RESTARTED); };
  const onStatus = (_, status) => { if (KERNEL_GONE[status]) sayGone(el, KERNEL_GONE[status]); };
  const onKernel = () => sayGone(el, KERNEL_ENDED);
  twin?.on?.("comm_live_update", onLive);
  session.statusChanged.connect(onStatus);
  session.kernelChanged.connect(onKernel);
  if (twin?.comm_live === false) setTimeout(() => sayGone(el, KERNEL_ENDED)); // restored from the notebook alone
  return () => {
    twin?.off?.("comm_live_update", onLive);
    session.statusChanged.disconnect(onStatus);
    session.kernelChanged.disconnect(onKernel);
  };
}

// Says it above a cell's widgets once, and in a dialog that hides them; one of the page's notes is spoken.
function sayGone(el, text) {
  const output = el.closest(".jp-OutputArea-output") ?? el;
  for (const box of [output, ...output.querySelectorAll("dialog[open]")]) {
    if (box.querySelector(":scope > .ip-gone")) continue;
    const spoken = !document.querySelector(".ip-gone [role=alert]") || box !== output;
    box.prepend(element("div", { class: "ip ip-gone" }, element("p", { role: spoken && "alert" }, toned(text, "warning"))));
  }
}
