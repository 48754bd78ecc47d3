// The files of a page on their way: inspected, hashed, offered to the kernel, sent, confirmed. Nothing is drawn here.

const HEAD_BYTES = 32, AHEAD = 16, BATCH_EVERY_MS = 200, STALL_MS = 30000, TRIES = 3, SHORTEST_MS = 500, LONGEST_MS = 15000;
const ENDED = new Set(["sent", "duplicate", "rejected", "failed", "cancelled"]);

class Transfers {
  constructor(model) {
    this.model = model;
    this.session = [...crypto.getRandomValues(new Uint32Array(2))].map((one) => one.toString(36)).join("");
    this.files = new Map(); // by ID, in the order in which they came
    this.sameContent = new Map(); // digest → the file with it that is under way, and those that wait for its end
    this.drops = 0; this.albums = new Map(); // drop → the name of the album that its files go to
    this.toInspect = []; this.toHash = []; this.ready = [];
    this.active = 0; this.asked = 0; this.busy = { inspecting: false, hashing: false };
    this.route = "s3"; this.reached = false; // whether S3 ever answered
    this.outage = null; // what all files wait for: since when, until when for the next try, and why
    this.counts = { waiting: 0, sending: 0, sent: 0, duplicate: 0, rejected: 0, failed: 0, cancelled: 0 };
    this.bytes = 0; this.sentBytes = 0;
    this.batch = { offers: [], reports: [] }; this.batchTimer = null; this.lastBatch = 0;
    this.acknowledged = new Map();
    this.listeners = new Set();
    this.next = 0;
    model.on("msg:custom", (message) => this.receive(message));
    this.tell(); // a page that was reloaded gets what the kernel knows
  }

  // ---- what people do
  add(files, drop = this.newDrop()) {
    for (const blob of files) {
      const file = { id: `${this.session}-${this.next++}`, drop, blob, name: blob.name, size: blob.size, state: "waiting", text: "", sent: 0, tries: 0, digest: null };
      this.files.set(file.id, file);
      this.counts.waiting++; this.bytes += file.size;
      this.toInspect.push(file);
    }
    this.changed();
    this.inspectAll();
  }

  newDrop() { return `${this.session}-drop-${this.drops++}`; } // its files go to one album, wherever its page goes meanwhile

  cancel(file) {
    if (ENDED.has(file.state) || file.posted) return;
    this.end(file, "cancelled", "");
    this.report(file);
    file.abort?.();
  }

  retry(file) {
    if (file.state !== "failed" && file.state !== "cancelled") return;
    if (!this.active) this.route = "s3";
    this.outage = null;
    this.progress(file, 0);
    Object.assign(file, { tries: 0, posted: false, post: null });
    this.set(file, "waiting", "");
    this.toInspect.push(file);
    this.inspectAll();
  }

  clear() { // takes what has ended off the list, for pages to come as well; the kernel remembers it
    for (const file of [...this.files.values()]) {
      if (!ENDED.has(file.state)) continue;
      this.files.delete(file.id);
      this.counts[file.state]--; this.bytes -= file.size; this.sentBytes -= file.sent;
    }
    this.model.send({ type: "clear", session: this.session });
    this.changed();
  }

  get underWay() { return this.counts.waiting + this.counts.sending; }

  // ---- before sending
  async inspectAll() {
    if (this.busy.inspecting) return;
    this.busy.inspecting = true;
    while (this.toInspect.length) {
      const file = this.toInspect.shift();
      if (file.state !== "waiting") continue;
      try { await this.inspect(file); }
      catch { this.end(file, "rejected", "The browser cannot read it: it may be a folder, or have been moved."); this.report(file); }
    }
    this.busy.inspecting = false;
    this.pump();
  }

  async inspect(file) {
    const head = new Uint8Array(await file.blob.slice(0, HEAD_BYTES).arrayBuffer());
    file.head = hexadecimal(head);
    const type = Object.entries(this.model.get("signatures")).find(([, start]) => file.head.startsWith(start))?.[0];
    const most = this.model.get("max_bytes");
    if (file.state !== "waiting") return;
    if (type && file.size <= most) {
      file.type = type;
      this.toHash.push(file);
      if (this.toHash.length === 1) this.pump();
      return;
    }
    this.end(file, "rejected", type ? `It is ${bytesText(file.size)}; at most ${bytesText(most)} can be processed.` : file.size ? "It is not a JPEG or PNG." : "It is empty.");
    this.offer(file); // the kernel knows more formats, and says which it is
  }

  async pump() {
    if (this.outage && performance.now() < this.outage.until) return;
    this.startReady();
    if (this.busy.hashing) return;
    this.busy.hashing = true;
    while (this.toHash.length && this.asked + this.ready.length + (this.outage ? this.active : 0) < (this.outage ? 1 : AHEAD)) {
      const file = this.toHash.shift();
      if (file.state !== "waiting") continue;
      try {
        file.digest ??= await digestOf(file.blob);
        this.offerInTurn(file);
      } catch { this.end(file, "rejected", "The browser cannot read it: it may have been moved or changed."); this.report(file); }
    }
    this.busy.hashing = false;
  }

  // Whether an album has a file is the kernel's to say. It cannot know it of one that is under way: its twin waits.
  offerInTurn(file) {
    if (file.state !== "waiting") return;
    const same = this.sameContent.get(file.digest) ?? { first: file, waiting: [] };
    if (same.first !== file) { if (!same.waiting.includes(file)) same.waiting.push(file); return; }
    this.sameContent.set(file.digest, same);
    file.asking = performance.now(); this.asked++;
    this.offer(file);
  }
  letNext({ id, digest }) {
    const same = this.sameContent.get(digest);
    if (same?.first.id !== id) return;
    this.sameContent.delete(digest);
    this.toHash.unshift(...same.waiting);
    if (same.waiting.length) setTimeout(() => this.pump());
  }

  // ---- messages
  offer({ id, drop, name, size, type = "", digest, head }) { this.batch.offers.push({ id, drop, name, size, type, digest, head }); this.tell(); }
  report(file, state = file.state) { const { id, name, size, text } = file; this.batch.reports.push({ id, name, size, state, text }); this.tell(); }

  tell() {
    if (this.batchTimer !== null) return;
    this.batchTimer = setTimeout(() => {
      const batch = this.batch;
      this.batchTimer = null; this.lastBatch = performance.now();
      this.batch = { offers: batch.offers.splice(200), reports: batch.reports.splice(500) };
      this.model.send({ type: "batch", session: this.session, ...batch });
      if (this.batch.offers.length || this.batch.reports.length) this.tell();
    }, Math.max(0, this.lastBatch + BATCH_EVERY_MS - performance.now()));
  }

  receive(message) {
    if (message.session !== this.session) return;
    if (message.type === "ack") { this.acknowledged.get(message.id)?.(); return; }
    for (const answer of message.files ?? []) {
      const file = this.files.get(answer.id);
      if (file) this.take(file, answer);
    }
    this.pump();
  }

  take(file, { post, state, text, outage, album }) {
    if (album) this.albums.set(file.drop, album);
    if (file.asking) { file.asking = 0; this.asked--; }
    if (file.state === "cancelled" || (post && file.state !== "waiting")) { if (post) this.report(file); return; }
    if (!post) {
      file.abort?.();
      if (outage) this.wait(file, text);
      else this.end(file, state, text);
    } else {
      file.post = post; file.goodUntil = performance.now() + (post.seconds - 30) * 1000;
      this.ready.push(file);
    }
  }

  // ---- sending
  startReady() {
    const most = this.outage ? 1 : this.route === "s3" ? this.model.get("parallel") : 2;
    while (this.active < most && this.ready.length) {
      const file = this.ready.shift();
      if (file.state !== "waiting") continue;
      if (this.route === "s3" && performance.now() > file.goodUntil) { this.again(file); continue; }
      this.active++;
      this.set(file, "sending", "");
      const way = this.route;
      (way === "s3" ? this.viaS3(file) : this.viaKernel(file))
        .catch((problem) => this.failed(file, problem, way))
        .finally(() => { file.abort = null; this.active--; this.pump(); });
    }
  }

  again(file) { this.progress(file, 0); this.set(file, "waiting", ""); this.toHash.unshift(file); } // gets another presigned post

  // AWS does not answer, or the credentials have expired: all files wait, and one at a time is tried.
  wait(file, text) {
    const now = performance.now(), limit = 1000 * this.model.get("outage_timeout_s");
    if (!limit) { this.end(file, "failed", text); this.report(file); return; }
    if (!this.reached) this.route = "s3";
    const outage = this.outage ??= { since: now, until: 0, pause: SHORTEST_MS, text };
    outage.text = text;
    Object.assign(file, { tries: 0, posted: false, post: null });
    this.again(file);
    if (now >= outage.since + limit) { this.giveUp(text); return; }
    if (now < outage.until) return;
    outage.pause = Math.min(2 * outage.pause, LONGEST_MS);
    outage.until = now + outage.pause;
    setTimeout(() => this.pump(), outage.pause);
  }
  giveUp(text) {
    this.outage = null; this.toHash = []; this.ready = [];
    for (const file of this.files.values()) if (file.state === "waiting" && !file.asking) { this.end(file, "failed", text); this.report(file); }
  }

  viaS3(file) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(), form = new FormData();
      for (const [name, value] of Object.entries(file.post.fields)) form.append(name, value);
      form.append("file", file.blob, "photo"); // S3 reads no more after it
      let stalled = setTimeout(() => request.abort(), STALL_MS);
      const alive = () => { clearTimeout(stalled); stalled = setTimeout(() => request.abort(), STALL_MS); };
      request.upload.onprogress = ({ loaded, total }) => { alive(); this.progress(file, Math.round(file.size * loaded / total)); };
      request.onloadend = () => {
        clearTimeout(stalled);
        if (request.status) this.reached = true;
        if (request.status >= 200 && request.status < 300) { this.confirm(file); resolve(); }
        else reject(refusal(request.status, request.responseText));
      };
      file.abort = () => request.abort();
      request.open("POST", file.post.url);
      request.send(form);
    });
  }

  confirm(file) {
    if (ENDED.has(file.state)) return;
    file.posted = true;
    this.progress(file, file.size);
    this.report(file, "posted");
  }

  async viaKernel(file) {
    const step = this.model.get("chunk_bytes");
    for (let offset = 0; offset < file.size; offset += step) {
      const chunk = await file.blob.slice(offset, offset + step).arrayBuffer();
      if (file.state !== "sending") return;
      const acknowledged = new Promise((resolve) => { this.acknowledged.set(file.id, resolve); file.abort = resolve; });
      const last = offset + step >= file.size;
      if (last) file.posted = true;
      this.model.send({ type: "chunk", session: this.session, id: file.id, offset, last }, undefined, [chunk]);
      await acknowledged;
      this.acknowledged.delete(file.id);
      if (file.state !== "sending") return;
      this.progress(file, Math.min(file.size, offset + step));
    }
  }

  failed(file, { status, text, expired }, way) {
    if (file.state !== "sending") return;
    if (!status && way === "s3" && !this.reached) { // this page cannot reach S3 at all: the kernel may
      this.route = "kernel";
      this.progress(file, 0);
      this.set(file, "waiting", "");
      this.ready.unshift(file);
      return;
    }
    const passing = !status || status >= 500 || status === 429 || expired;
    if (passing && ++file.tries < TRIES) {
      this.set(file, "waiting", "");
      setTimeout(() => { if (file.state === "waiting") { this.again(file); this.pump(); } }, 500 * 2 ** file.tries);
      return;
    }
    if (!status && way === "s3") { this.lost(file, text); return; }
    this.end(file, "failed", text);
    this.report(file);
  }

  async lost(file, text) { // the network's fault, unless the file itself cannot be read any more
    try { await file.blob.slice(0, 1).arrayBuffer(); }
    catch { text = "The browser cannot read it: it may have been moved or changed."; this.end(file, "failed", text); this.report(file); return; }
    if (file.state === "sending") { this.wait(file, text); this.pump(); }
  }

  // ---- accounts
  set(file, state, text) {
    this.counts[file.state]--; this.counts[state]++;
    file.state = state; file.text = text;
    this.changed();
  }
  end(file, state, text) {
    const there = state === "sent" || state === "duplicate";
    if (there && this.outage) { this.outage = null; setTimeout(() => this.pump()); }
    this.progress(file, there ? file.size : 0);
    this.set(file, state, text || "");
    this.letNext(file);
  }
  progress(file, sent) { this.sentBytes += sent - file.sent; file.sent = sent; this.changed(); }
  changed() { for (const listener of this.listeners) listener(); }
}

function hexadecimal(bytes) { return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""); }

// Pages that came over plain HTTP from another machine have no SHA-256: such a file is a new photo each time.
async function digestOf(blob) {
  if (crypto.subtle) return hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
  return hexadecimal(crypto.getRandomValues(new Uint8Array(32)));
}

// S3 says in XML why it refuses; a status of 0 is the browser's for a network that failed.
function refusal(status, body) {
  if (!status) return { status, text: "The network failed before all of it was sent." };
  const part = (name) => body.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1].replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  const code = part("Code") ?? `status ${status}`, words = part("Message") ?? "";
  return { status, text: `S3 refused it: ${words} (${code})`, expired: /expired/i.test(words) };
}
