const ALL_TRANSFERS = new Map(); // uploads go on while their view is closed or moved

function initialize({ model }) {
  ALL_TRANSFERS.set(model.get("uid"), new Transfers(model));
  return () => ALL_TRANSFERS.delete(model.get("uid"));
}

const STATE_TEXTS = { waiting: "Waiting", sending: "Uploading", sent: "Uploaded", duplicate: "Already uploaded", rejected: "Rejected", failed: "Failed", cancelled: "Cancelled" };
const STATE_TONES = { waiting: "waiting", sending: "running", sent: "success", duplicate: "success", rejected: "warning", failed: "error", cancelled: "waiting" };
const BUSY_MS = 10000; // an answer may take some time while many files are sent
const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);
const ROW_TEXT = 90; // characters of a cause that a file's row has room for
const TOUCHED = matchMedia("(pointer: coarse)");

function render({ model, el }) {
  const transfers = ALL_TRANSFERS.get(model.get("uid"));
  const files = element("input", { type: "file", multiple: true, hidden: true, accept: Object.keys(model.get("signatures")).join(",") });
  const folder = element("input", { type: "file", multiple: true, hidden: true });
  folder.webkitdirectory = true;
  const chooseFiles = element("button", { type: "button", class: "ip-primary", onclick: () => files.click() }, "Choose photos");
  const chooseFolder = element("button", { type: "button", onclick: () => folder.click() }, "Choose a folder");
  const title = element("strong", {}), hint = element("p", {});
  const arrow = element("span", { class: "ip-arrow", "aria-hidden": "true" }, "⇪");
  const zone = element("div", { class: "ip-target", role: "group", "aria-label": "Upload photos" }, arrow, title, hint, element("div", { class: "ip-buttons" }, chooseFiles, chooseFolder), files, folder);
  const duplicates = element("input", { type: "checkbox", onchange: () => { model.set("allow_duplicates", duplicates.checked); model.save_changes(); } });
  const option = element("label", { class: "ip-option", title: "Also files whose content the album has under another name" }, duplicates, "Upload duplicates, too");
  const bar = element("progress", { max: 1, value: 0, "aria-label": "All uploads" });
  const summary = element("span", { class: "ip-summary" }), notice = element("p", { class: "ip-notice" });
  const spoken = speaker();
  const cancelAll = element("button", { type: "button", onclick: () => { each((file) => transfers.cancel(file)); } }, "Cancel all");
  const retryAll = element("button", { type: "button", onclick: () => { each((file) => file.state === "failed" && transfers.retry(file)); } }, "Retry failed");
  const problems = element("button", { type: "button", "aria-pressed": "false", onclick: toggleProblems }, "Problems only");
  const details = element("button", { type: "button", onclick: () => { unfolded = list.box.hidden; draw(); } });
  const clear = element("button", { type: "button", onclick: () => transfers.clear() }, "Clear finished");
  const totals = element("div", { class: "ip-totals" }, bar, summary, element("div", { class: "ip-buttons" }, cancelAll, retryAll, problems, details, clear), notice);
  const albumOf = (file) => file.album || transfers.albums.get(file.drop) || "";
  const list = fileList(transfers, albumOf);
  const root = element("div", { class: "ip ip-drop-zone" }, element("div", { class: "ip-inner" }, zone, option, totals, list.box, spoken.root));
  el.append(root);
  const anywhere = model.get("anywhere"), veilText = element("p"), veil = element("div", { class: "ip-veil", hidden: true }, element("div", {}, element("strong", {}, "Drop photos to upload them"), veilText));
  root.classList.toggle("ip-anywhere", anywhere);
  if (anywhere) root.append(veil);

  let unfolded = null; // what the user chose; otherwise files are listed that are under way or have problems
  let onlyProblems = false, scheduled = false, samples = [];
  function each(act) { for (const file of [...transfers.files.values()]) act(file); }
  function toggleProblems() { onlyProblems = !onlyProblems; if (onlyProblems) unfolded = true; problems.setAttribute("aria-pressed", String(onlyProblems)); draw(); }

  // ---- taking files
  function take(found, drop) { if (model.get("enabled")) transfers.add(found, drop); }
  for (const input of [files, folder]) {
    input.addEventListener("change", () => { take([...input.files].filter(({ webkitRelativePath }) => !/(^|\/)\./.test(webkitRelativePath))); input.value = ""; });
  }
  let over = 0;
  function onDrag(event) {
    event.preventDefault(); event.stopPropagation();
    if (event.type === "dragenter") over++;
    if (event.type === "dragleave") over--;
    if (event.type === "drop") { over = 0; const drop = transfers.newDrop(); takeDropped(event.dataTransfer, (found) => take(found, drop)); }
    event.dataTransfer.dropEffect = model.get("enabled") ? "copy" : "none";
    zone.toggleAttribute("data-over", over > 0 && model.get("enabled"));
    veil.hidden = over <= 0;
    veilText.textContent = model.get("enabled") ? model.get("hint") : "Log in first.";
  }
  // Where files may be dropped anywhere, that is the app around the zone; a button elsewhere in it asks for the choice of files.
  const inside = (event) => !anywhere || root.closest(".ip-app")?.contains(event.target);
  function onDragOver(event) { if (inside(event) && (!anywhere || [...event.dataTransfer.types].includes("Files"))) onDrag(event); }
  const area = anywhere ? document : root;
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) area.addEventListener(type, onDragOver);
  function onChoose(event) { if (anywhere && event.detail === root.closest(".ip-app") && !chooseFiles.disabled) files.click(); }
  document.addEventListener("ip-choose-files", onChoose);

  // ---- drawing, at most once a frame
  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => { scheduled = false; draw(); });
  }
  function draw() {
    const foreign = model.get("listed").filter(({ id }) => !id.startsWith(transfers.session));
    const all = [...foreign, ...transfers.files.values()];
    const bad = all.filter(isProblem);
    if (!bad.length && onlyProblems) { onlyProblems = false; problems.setAttribute("aria-pressed", "false"); }
    root.classList.toggle("ip-idle", !all.length);
    drawZone();
    drawTotals(all, bad);
    const fold = !(unfolded ?? (bad.length > 0 || transfers.underWay > 0 || all.some(({ state }) => state === "sending" || state === "waiting")));
    details.hidden = !all.length;
    details.textContent = fold ? "Show files" : "Hide files";
    details.setAttribute("aria-expanded", String(!fold));
    const shown = transfers.underWay ? all : [...bad, ...all.filter((file) => !isProblem(file))]; // problems would be out of view
    list.draw(fold ? [] : onlyProblems ? bad : shown);
  }
  function drawZone() {
    const enabled = model.get("enabled");
    title.textContent = enabled ? "Drop photos or folders here" : "Nothing can be uploaded yet";
    hint.textContent = model.get("hint") || `JPEG and PNG, up to ${bytesText(model.get("max_bytes"))} each`;
    chooseFiles.disabled = chooseFolder.disabled = !enabled;
    duplicates.checked = model.get("allow_duplicates");
    zone.toggleAttribute("data-disabled", !enabled);
  }
  function drawTotals(all, bad) {
    const count = { ...transfers.counts };
    let bytes = transfers.bytes, sent = transfers.sentBytes;
    for (const file of all) if (!file.blob) { count[file.state]++; bytes += file.size; sent += file.state === "sent" || file.state === "duplicate" ? file.size : file.sent; }
    for (const file of bad) if (file.state === "rejected") bytes -= file.size;
    const underWay = count.waiting + count.sending;
    totals.hidden = !all.length;
    bar.value = bytes > 0 ? Math.min(1, sent / bytes) : underWay ? 0 : 1;
    bar.hidden = !underWay;
    const words = uploaded(all);
    for (const state of ["failed", "rejected", "cancelled"]) if (count[state]) words.push(`${count[state]} ${state}`);
    const plain = words.join(", ");
    if (underWay) words.push(`${bytesText(Math.max(0, sent))} of ${bytesText(bytes)}`, ...speed(sent));
    const why = underWay ? waitingFor() : "";
    const failed = underWay ? null : all.find(({ state, text }) => state === "failed" && text.length > ROW_TEXT);
    notice.textContent = why ? `${STATE_SIGNS.waiting} ${why}` : failed ? `${STATE_SIGNS.error} ${failed.name}: ${failed.text}` : "";
    notice.classList.toggle("ip-failed", Boolean(failed));
    notice.hidden = !notice.textContent;
    summary.textContent = words.join(" · ");
    if (all.length) spoken.speak(plain, !underWay);
    cancelAll.hidden = !transfers.underWay;
    retryAll.hidden = !transfers.counts.failed;
    problems.hidden = !bad.length || (bad.length === all.length && !onlyProblems);
    clear.hidden = !all.length || underWay > 0;
  }
  function uploaded(all) { // album by album, as long as that is short
    const albums = Map.groupBy(all, albumOf), named = [...albums.keys()].filter(Boolean);
    const say = (files, where) => {
      const those = (wanted) => files.filter(({ state }) => state === wanted).length, there = those("duplicate");
      return `${those("sent")} of ${files.length} uploaded${where}${there ? `, ${there} already uploaded` : ""}`;
    };
    if (named.length > 1 && named.length < 4) return [...albums].map(([album, files]) => say(files, album && ` to ${album}`));
    return [say(all, named.length > 1 ? ` to ${named.length} albums` : "")];
  }
  function speed(sent) {
    const now = performance.now();
    samples = [...samples.filter(([time]) => now - time < 3000), [now, sent]];
    const [time, before] = samples[0], seconds = (now - time) / 1000;
    return seconds > 0.5 && sent > before ? [`${bytesText((sent - before) / seconds)}/s`] : [];
  }
  function waitingFor() {
    if (transfers.outage) return `Waiting, and trying again by itself: ${transfers.outage.text}`;
    if (transfers.route === "kernel") return "Through the kernel, as this page cannot reach S3.";
    const oldest = Math.min(...[...transfers.files.values()].map(({ asking }) => asking || Infinity));
    return performance.now() - oldest > BUSY_MS ? "Waiting for the kernel, which is busy or gone." : "";
  }

  function onMessage({ type }) { if (type === "fold") { unfolded = false; schedule(); } }
  model.on("msg:custom", onMessage);
  const clock = setInterval(() => { if (transfers.underWay) schedule(); }, 1000);
  const unwatch = watch(model, ["listed", "enabled", "allow_duplicates", "hint", "max_bytes"], schedule);
  const resized = new ResizeObserver(schedule);
  resized.observe(root);
  list.box.addEventListener("scroll", schedule);
  transfers.listeners.add(schedule);
  draw();
  return () => { for (const type of ["dragenter", "dragover", "dragleave", "drop"]) area.removeEventListener(type, onDragOver); document.removeEventListener("ip-choose-files", onChoose); model.off("msg:custom", onMessage); clearInterval(clock); spoken.end(); unwatch(); resized.disconnect(); transfers.listeners.delete(schedule); };
}

function isProblem({ state }) { return state === "failed" || state === "rejected"; }

// A list that has elements for the visible files only, so that thousands are as quick as ten.
function fileList(transfers, albumOf) {
  const space = element("div", { class: "ip-space", role: "list", "aria-label": "Files" });
  const box = element("div", { class: "ip-files", tabindex: 0, role: "region", "aria-label": "Files and their states" }, space);
  const rows = []; // elements, in order of position
  let several = false; // whether the files go to several albums, so that each row names its own
  box.addEventListener("keydown", (event) => { if (SCROLL_KEYS.has(event.key)) event.stopPropagation(); });
  let follows = true; // files that are being sent stay in view until the user scrolls
  for (const type of ["wheel", "pointerdown", "keydown", "focusin"]) box.addEventListener(type, () => { follows = false; }, { passive: true });

  function makeRow() {
    const name = element("span", { class: "ip-name" }), size = element("span", { class: "ip-size" }), state = element("span", { class: "ip-state" });
    const bar = element("progress", { max: 1 }), button = element("button", { type: "button" });
    const row = { file: null, name, size, state, bar, button, root: element("div", { role: "listitem", class: "ip-file" }, name, size, bar, state, button) };
    button.addEventListener("click", () => { box.focus(); (button.dataset.act === "cancel" ? transfers.cancel(row.file) : transfers.retry(row.file)); });
    space.append(row.root);
    return row;
  }
  function fill(row, file, index, count, height) {
    const text = file.posted && file.state === "sending" ? "Arriving" : STATE_TEXTS[file.state], sending = file.state === "sending", sign = STATE_SIGNS[STATE_TONES[file.state]];
    const act = !file.blob || file.posted && !isProblem(file) ? "" : file.state === "waiting" || sending ? "cancel" : file.state === "failed" || file.state === "cancelled" ? "retry" : "";
    row.file = file;
    write(row.name, file.name); row.name.title = file.name;
    write(row.size, bytesText(file.size));
    const where = several && albumOf(file) ? ` · ${albumOf(file)}` : "";
    write(row.state, `${sign} ${text}${where}${file.text ? `: ${file.text}` : ""}`);
    row.state.title = file.text; row.state.dataset.tone = STATE_TONES[file.state];
    row.bar.hidden = !sending || Boolean(file.posted && file.sent === file.size); row.bar.value = file.size ? file.sent / file.size : 0;
    row.bar.setAttribute("aria-label", `${file.name} uploaded`);
    row.button.hidden = !act; row.button.dataset.act = act;
    write(row.button, act === "cancel" ? "Cancel" : "Retry");
    row.button.setAttribute("aria-label", `${act === "cancel" ? "Cancel" : "Retry"} ${file.name}`);
    row.root.style.transform = `translateY(${index * height}px)`;
    row.root.setAttribute("aria-posinset", index + 1); row.root.setAttribute("aria-setsize", count);
  }
  function write(target, text) { if (target.textContent !== text) target.textContent = text; }

  function draw(files) {
    several = new Set(files.map(albumOf).filter(Boolean)).size > 1;
    const height = (box.clientWidth < 500 ? 92 : 42) + (TOUCHED.matches ? 18 : 0); // a finger's button is taller
    box.hidden = !files.length;
    space.style.height = `${files.length * height}px`;
    space.style.setProperty("--ip-row", `${height}px`);
    const current = files.findIndex(({ state }) => state === "sending");
    if (follows && current > 0) box.scrollTop = (current - 1) * height;
    else if (follows && !files.some(({ state }) => state === "waiting")) box.scrollTop = 0; // where problems are
    const first = Math.max(0, Math.floor(box.scrollTop / height) - 2), last = Math.min(files.length, first + Math.ceil(360 / height) + 5);
    while (rows.length < last - first) rows.push(makeRow());
    rows.forEach((row, position) => {
      const index = first + position, file = files[index];
      row.root.hidden = index >= last;
      if (index < last) fill(row, file, index, files.length, height);
    });
  }
  return { box, draw };
}

// Hands over dropped files and those in dropped folders, hidden ones left out, as they are found.
async function takeDropped(transfer, take) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) { take([...transfer.files]); return; }
  for (const entry of entries) await walk(entry, take);
}
async function walk(entry, take) {
  if (entry.isFile) { take([await blobOf(entry)]); return; }
  const reader = entry.createReader(), inner = [];
  for (;;) { // it gives a hundred at a time
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) break;
    inner.push(...some.filter(({ name }) => !name.startsWith(".")));
  }
  const found = inner.filter(({ isFile }) => isFile).sort((a, b) => (a.name < b.name ? -1 : 1));
  const blobs = await Promise.all(found.map(blobOf));
  if (blobs.length) take(blobs);
  for (const folder of inner.filter(({ isDirectory }) => isDirectory)) await walk(folder, take);
}
function blobOf(entry) { // one that cannot be read says so when it is its turn
  const unreadable = { name: entry.name, size: 0, slice() { throw new Error("unreadable"); } };
  return new Promise((resolve) => entry.file(resolve, () => resolve(unreadable)));
}
export default { initialize, render };
