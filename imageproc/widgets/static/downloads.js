// Files that the browser saves: from S3, or through the kernel in chunks where this page cannot reach it.
const REACH_MS = 4000, SLOW_MS = 1000, SILENT_MS = 10000, SAID_MS = 10000, SAVED_MS = 60000;

// Whether the page gets from S3 what is at an address. Another server may answer there, another machine's own
// local AWS for example: its answer cannot be read, and counts only if TLS says whose it is.
async function reachesS3(url) {
  const ask = (options) => fetch(url, { ...options, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(REACH_MS) });
  try {
    const answer = await ask({ headers: { Range: "bytes=0-0" } });
    answer.body?.cancel();
    return answer.ok; // what is wrong otherwise, the kernel says
  } catch { /* no answer, or none that this page may read */ }
  if (!/^https:/i.test(url)) return false;
  try { await ask({ method: "HEAD", mode: "no-cors" }); return true; } catch { return false; }
}

// Saves what an address offers as a file. Not in this window, which an address that does not answer would replace.
function saveFrom(url, root) {
  const frame = element("iframe", { src: url, hidden: true, title: "Download" });
  root.append(frame);
  setTimeout(() => frame.remove(), SAVED_MS);
}

function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
}

// The downloads of a view, each with a line while it goes through the kernel.
function downloads(model) {
  const spoken = speaker(), root = element("div", { class: "ip-downloads", tabindex: -1 }, spoken.root), lines = new Map();
  let gone = false;

  async function start({ file, name, address }) {
    const line = downloadLine(model, { file, name }, spoken.speak, () => {
      lines.delete(file);
      if (line.root.contains(document.activeElement)) root.focus({ preventScroll: true });
      line.root.remove();
    });
    root.append(line.root);
    const slow = setTimeout(line.look, SLOW_MS);
    const reached = safeUrl(address) && await reachesS3(address);
    clearTimeout(slow);
    if (gone || line.ended()) return;
    if (reached) { line.end(); saveFrom(address, root); return; }
    lines.set(file, line);
    line.start();
  }

  function receive(message, buffers) { lines.get(message.file)?.take(message, buffers); }

  function end() { gone = true; spoken.end(); for (const line of lines.values()) line.end(); }

  return { root, start, receive, end };
}

// One file through the kernel: each chunk is asked for when the one before it is there. It goes on where it failed.
function downloadLine(model, { file, name }, speak, remove) {
  const text = element("span", {}), bar = element("progress", { max: 1, "aria-label": `${name} downloaded` });
  const again = element("button", { type: "button", onclick: () => { failure = ""; stop.focus(); ask(); draw(); } }, "Try again");
  const stop = element("button", { type: "button", onclick: () => { if (!failure) speak(`${name} was not downloaded: it was stopped.`, true); end(); } }, "Stop");
  const root = element("div", { class: "ip-download", hidden: true }, text, bar, element("div", { class: "ip-buttons" }, again, stop)), chunks = [];
  let offset = 0, size = 0, timer = null, silent = false, failure = "", saved = false, over = false;

  function look() { say("running", `Looking whether this page reaches S3, to download ${name}…`); bar.hidden = again.hidden = true; reveal(); }
  function start() { ask(); draw(); reveal(); }
  function reveal() { root.hidden = false; root.scrollIntoView({ block: "nearest" }); }

  function ask() {
    clearTimeout(timer);
    try { model.send({ type: "chunk", file, offset }); } catch { return fail("The connection to the kernel is lost."); }
    timer = setTimeout(() => { silent = true; draw(); ask(); }, SILENT_MS); // it, or its answer, may be lost
  }

  function take({ offset: at, size: all, cause }, buffers) {
    if (over || failure || saved || at !== offset) return;
    clearTimeout(timer);
    silent = false;
    const got = buffers[0]?.byteLength ?? 0;
    if (cause || (!got && offset < all)) return fail(cause || "The kernel sent nothing.");
    size = all;
    if (got) chunks.push(new Blob([buffers[0]])); // which the browser may keep on disk
    offset += got;
    if (offset < size) ask(); else finish();
    draw();
  }

  function finish() {
    saved = true;
    saveBlob(new Blob(chunks.splice(0)), name);
    timer = setTimeout(end, SAID_MS);
  }
  function fail(cause) { failure = cause; clearTimeout(timer); draw(); }
  function end() { over = true; clearTimeout(timer); chunks.length = 0; remove(); }

  function say(tone, words) { text.replaceChildren(toned(words, tone)); }
  function draw() {
    if (over) return;
    const far = size ? `: ${bytesText(offset)} of ${bytesText(size)}` : "", waiting = silent ? " · waiting for the kernel, which is busy or gone" : "";
    if (failure) say("error", `${name} was not downloaded: ${failure}`);
    else if (saved) say("success", `Downloaded ${name}, ${bytesText(offset)}.`);
    else say("running", `Downloading ${name} through the kernel, as this page cannot reach S3${far}${waiting}`);
    bar.hidden = Boolean(failure) || saved;
    if (size) bar.value = offset / size; else bar.removeAttribute("value");
    again.hidden = !failure;
    stop.textContent = failure || saved ? "Dismiss" : "Stop";
    stop.setAttribute("aria-label", `${stop.textContent} ${name}`);
    const tenths = size ? Math.floor(10 * offset / size) * 10 : 0;
    speak(failure || saved || silent ? text.textContent : `Downloading ${name} through the kernel: ${tenths} percent`, Boolean(failure) || saved);
  }

  return { root, look, start, take, end, ended: () => over };
}
