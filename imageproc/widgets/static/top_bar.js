// The web app's top bar. It also keeps the page's address, and looks after the connection to the kernel.
const SETTLED_MS = 400, PATIENCE_MS = 1500, PONG_MS = 5000, USER = "imageproc-user", SEEN = "imageproc-seen-";

function render({ model, el, signal, host }) {
  const ours = Boolean(document.body.dataset.voila); // in JupyterLab the address is not this app's
  const home = element("button", { type: "button", class: "ip-home", onclick: () => model.send({ type: "home" }) }, "Photos");
  const title = element("h1", { class: "ip-place", tabindex: -1 }), slot = element("div", { class: "ip-slot" });
  const edit = element("button", { type: "button", class: "ip-edit", title: "Rename, describe, sort or delete the album", onclick: () => model.send({ type: "edit" }) }, "Edit…");
  const map = element("button", { type: "button", "aria-pressed": "false", onclick: () => showMap(map.getAttribute("aria-pressed") !== "true") }, "Map");
  const upload = element("button", { type: "button", class: "ip-upload", onclick: () => document.dispatchEvent(new CustomEvent("ip-choose-files", { detail: app() })) }, "Upload");
  const badge = element("span", { class: "ip-badge" }), activity = element("button", { type: "button", class: "ip-activity", onclick: () => model.send({ type: "activity" }) }, "Activity", badge);
  const user = element("button", { type: "button", class: "ip-user", title: "Log in as somebody else", onclick: () => { note(""); model.send({ type: "switch" }); } });
  const header = element("header", { class: "ip-header" },
    element("nav", { class: "ip-where", "aria-label": "Place" }, home, title, edit), slot, element("div", { class: "ip-tools" }, map, upload, activity, user));
  const words = element("span", {}), act = element("button", { type: "button" });
  const banner = element("div", { class: "ip-banner", hidden: true }, words, act), spoken = element("div", { role: "alert" }, banner);
  const about = element("p", { class: "ip-about" });
  const root = element("div", { class: "ip ip-top-bar" }, header, about, spoken);
  el.append(root);
  const app = () => root.closest(".ip-app");
  if (host && model.get("search")) host.getWidget(model.get("search")).then((child) => child.render({ el: slot, signal }));

  let lost = "", patience = 0, pong = 0, before = "", wasEditing = false;

  function draw() {
    const name = model.get("title"), who = model.get("user"), failed = model.get("failed"), active = model.get("active");
    header.hidden = !who;
    about.textContent = about.title = model.get("about");
    about.hidden = !who || !about.textContent;
    home.setAttribute("aria-current", name ? "false" : "page");
    title.textContent = title.title = name;
    title.classList.toggle("ip-visually-hidden", !name);
    if (!name) title.textContent = "Albums";
    const place = `${who} ${title.textContent}`;
    if (ours && place !== before) setTimeout(takeFocus, SETTLED_MS);
    before = place;
    if (ours) document.title = [name, "Photos"].filter(Boolean).join(" · ");
    user.replaceChildren(element("span", { class: "ip-who" }, who), element("span", { class: "ip-switch" }, " · switch"));
    edit.hidden = !model.get("editable");
    edit.disabled = model.get("asking"); // something else is to be answered first
    edit.setAttribute("aria-expanded", String(model.get("editing")));
    if (model.get("editing") && !wasEditing) focusOnForm();
    wasEditing = model.get("editing");
    map.hidden = !model.get("placed") || !name;
    if (map.hidden) showMap(false);
    badge.hidden = !failed && !active;
    badge.dataset.tone = failed ? "error" : "running";
    badge.textContent = failed || active;
    const state = [failed ? `${failed} need attention` : "", active ? `${active} under way` : ""].filter(Boolean).join(", ");
    activity.setAttribute("aria-label", ["Activity", state].filter(Boolean).join(": "));
    activity.title = state;
    activity.setAttribute("aria-expanded", String(model.get("expanded")));
    say();
  }

  // The form comes a moment later, and for the first time it is made then.
  function focusOnForm(tries = 30) {
    const field = [...(app()?.querySelectorAll(".ip-app-drawer .ip-album-form input") ?? [])].find((one) => one.getClientRects().length);
    if (field && document.activeElement !== field) { field.focus(); field.select(); }
    else if (!field && tries && model.get("editing")) setTimeout(() => focusOnForm(tries - 1), 100);
  }

  // What had the focus is gone with the page that was shown before.
  function takeFocus() {
    if (document.activeElement !== document.body) return;
    const heir = model.get("user") ? title : app()?.querySelector(".ip-app-login input");
    heir?.focus({ preventScroll: true });
    heir?.select?.(); // what is typed takes the place of the suggested name
  }

  // ---- what is wrong
  function say() {
    const problem = lost ? "" : model.get("problem");
    words.textContent = lost || (problem ? `${STATE_SIGNS.error} ${problem}` : "");
    banner.hidden = !words.textContent;
    act.textContent = lost ? "Reload" : model.get("again");
    act.onclick = lost ? () => location.reload() : () => model.send({ type: "again" });
    app()?.toggleAttribute("data-lost", Boolean(lost));
    for (const one of [header, ...(app()?.children ?? [])]) if (!one.contains(root)) one.inert = Boolean(lost);
  }
  function lose(text) { lost = text; say(); }
  function end(text) { // a dialog would lie upon the words, and its address is kept
    for (const one of document.querySelectorAll("dialog[open]")) one.close();
    lose(text);
  }
  const GONE = "The kernel behind this page has ended. Reload to go on: the address keeps your place.";
  function onConnection(_, status) {
    clearTimeout(patience);
    if (kernel.status === "dead") return; // it is said already
    if (status === "connected") { if (lost) askPong(); return; }
    const text = status === "disconnected" ? "The server does not answer. If it was stopped, start it again with make app and open the address that it shows." : "The connection to the server is lost. Connecting again…";
    const over = status === "disconnected";
    patience = setTimeout(() => (over ? end : lose)(`${STATE_SIGNS.warning} ${text}`), over ? 0 : PATIENCE_MS);
  }
  function onStatus(_, status) { if (["dead", "terminating", "restarting", "autorestarting"].includes(status)) end(`${STATE_SIGNS.error} ${GONE}`); }
  function askPong() { // the kernel of this page may have ended while there was no connection
    clearTimeout(pong);
    pong = setTimeout(() => end(`${STATE_SIGNS.error} ${GONE}`), PONG_MS);
    model.send({ type: "ping" });
  }
  const kernel = model.widget_manager?.kernel ?? model.widget_manager?.context?.sessionContext?.session?.kernel;
  kernel?.connectionStatusChanged.connect(onConnection);
  kernel?.statusChanged.connect(onStatus);

  // ---- the address
  // An entry of the history knows the one that led to it, so that returning to that one goes back.
  function onMessage({ type, fragment, replace, user, time }) {
    if (type === "pong") { clearTimeout(pong); lose(""); return; }
    if (type === "seen" && ours) { localStorage.setItem(SEEN + user, time); return; }
    if (type !== "address" || !ours || fragment === location.hash) return;
    const from = history.state?.from;
    const url = fragment || location.pathname + location.search;
    if (replace) history.replaceState({ from }, "", url);
    else if (from === fragment) history.back();
    else history.pushState({ from: location.hash }, "", url);
  }
  function go() { model.send({ type: "go", fragment: ours ? location.hash : "", user: ours ? noted() : "" }); }
  // Who is logged in is no part of the address, which may be another user's. A new page begins with who was the last.
  function noted() { return sessionStorage.getItem(USER) ?? localStorage.getItem(USER) ?? ""; }
  function note(user) { for (const storage of [sessionStorage, localStorage]) storage.setItem(USER, user); }
  function keep() {
    const user = model.get("user");
    if (!ours || !user) return;
    note(user);
    model.send({ type: "seen", time: Number(localStorage.getItem(SEEN + user)) || 0 });
  }
  function onShow(event) { if (event.persisted) location.reload(); } // the kernel ended when the page was left

  // ---- keys
  function onKey(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !header.hidden) { event.preventDefault(); slot.querySelector("input")?.focus(); }
    if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && event.target === document.body) selectAll(event);
    if (event.key !== "Escape" || document.querySelector("dialog[open]") || event.target.matches?.("[role=combobox][aria-expanded=true]")) return;
    if (model.get("expanded")) { model.send({ type: "activity" }); activity.focus(); }
    else if (model.get("editing")) { model.send({ type: "edit" }); edit.focus(); }
  }
  // Without a photo in focus a browser would select the page's text.
  function selectAll(event) {
    const card = app()?.querySelector(".ip-cards [tabindex='0']");
    if (!card?.offsetParent || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    card.focus();
    card.dispatchEvent(new KeyboardEvent("keydown", { key: "a", ctrlKey: true, bubbles: true }));
  }
  function showMap(on) { map.setAttribute("aria-pressed", String(on)); app()?.classList.toggle("ip-with-map", on); }

  if (ours) {
    addEventListener("popstate", go, { signal });
    addEventListener("pageshow", onShow, { signal });
    document.addEventListener("keydown", onKey, { signal, capture: true }); // fields keep their keys to themselves
  }
  model.on("msg:custom", onMessage);
  draw();
  go();
  const undone = watch(model, ["user"], keep), undo = watch(model, ["title", "about", "user", "failed", "active", "expanded", "editable", "editing", "asking", "placed", "problem", "again"], draw);
  return () => {
    undone();
    undo();
    model.off("msg:custom", onMessage);
    kernel?.connectionStatusChanged.disconnect(onConnection);
    kernel?.statusChanged.disconnect(onStatus);
  };
}
export default { render };
