// Photos in justified rows. Only those about the part in view are in the page, and what they show is asked for in blocks.
const BLOCK = 60, KEPT_BLOCKS = 40, SETTLE_MS = 60, EARLY_MS = 60000, FIRST_MS = 1000;

// What came before the first view: it would ask in vain while the kernel waits in a cell. By the layout's model, which each widget has its own of.
const EARLY = new WeakMap(), keyOf = (model) => Object(model.get("layout"));

function initialize({ model }) {
  model.on("msg:custom", (content, buffers) => {
    if (content.type === "layout" && content.ahead) EARLY.set(keyOf(model), { at: performance.now(), messages: [[content, buffers]] });
    else if (content.type === "window") EARLY.get(keyOf(model))?.messages.push([content, buffers]);
  });
}

function takeEarly(model) {
  const found = EARLY.get(keyOf(model));
  EARLY.delete(keyOf(model));
  return found && performance.now() - found.at < EARLY_MS ? found.messages : []; // addresses expire
}

function render({ model, el }) {
  const list = element("div", { class: "ip-cards", role: "listbox", "aria-multiselectable": "true", onkeydown: onKey, onclick: onClick });
  const dates = element("div", { class: "ip-dates", "aria-hidden": "true" });
  const canvas = element("div", { class: "ip-canvas" }, dates, list), ending = element("p", { class: "ip-ending" });
  const scroller = element("div", { class: "ip-scroller", tabindex: -1, onscroll: later, "data-lm-suppress-shortcuts": "true" }, canvas, ending);
  const emptyText = element("p"), invite = element("button", { type: "button", onclick: () => document.dispatchEvent(new CustomEvent("ip-choose-files", { detail: root.closest(".ip-app") })) });
  const empty = element("div", { class: "ip-empty" }, emptyText, invite), said = element("span", { class: "ip-said", role: "status", "aria-live": "polite" });
  const size = element("input", { type: "range", min: 100, max: 400, step: 20, oninput: () => { model.set("size", Number(size.value)); model.save_changes(); arrange(); } });
  const clear = element("button", { type: "button", onclick: () => { select([], 0); focusOn(current); } }, "✕ Clear");
  const tools = element("div", { class: "ip-actions", role: "toolbar", "aria-label": "Selected photos" });
  const bar = element("div", { class: "ip-gallery-bar" }, said, tools, element("label", { class: "ip-size" }, "Size ", size));
  const saving = downloads(model), root = element("div", { class: "ip ip-gallery", tabindex: -1 }, bar, saving.root, scroller, empty);
  el.append(root);

  let version = -1, aspects = new Float32Array(0), headings = [], plan = justify(aspects, headings, 1, 200), width = 0;
  let nodes = new Map(), blocks = new Map(), asked = new Set(), expired = new Set(), pictures = new Map(), earlier = new Map();
  let frame = 0, timer = 0, current = 0, seen = [0, 0], troubled = false, anchor = 0, marks = new Uint8Array(0), marked = 0, anyShown = false, blocked = false, message = "", alone = true;

  function later() { frame ||= requestAnimationFrame(() => { frame = 0; paint(); }); }

  // Lays out anew; what was first in view stays there.
  function arrange(keep = true) {
    width = canvas.clientWidth;
    if (!width) return;
    const row = plan.rows[rowAt(plan.rows, scroller.scrollTop)], first = keep && row && scroller.scrollTop > 0 ? row.first : -1;
    const held = list.contains(document.activeElement);
    const offset = first >= 0 ? scroller.scrollTop - row.top : 0;
    plan = justify(aspects, headings, width, model.get("size"));
    canvas.style.height = `${plan.height}px`;
    for (const node of nodes.values()) node.remove();
    nodes.clear();
    if (first >= 0 && first < aspects.length) scroller.scrollTop = plan.rows[plan.row[first]].top + offset;
    else if (!keep) scroller.scrollTop = 0;
    paint();
    if (held) nodes.get(current)?.focus({ preventScroll: true });
  }

  function paint() {
    const count = aspects.length, page = scroller.clientHeight, line = scroller.scrollTop; // read before anything is written
    if (!count || !width) return;
    const beyond = alone ? 0 : page; // what is in view comes first, alone
    const from = plan.rows[rowAt(plan.rows, line - beyond)].first;
    const to = plan.rows[rowAt(plan.rows, line + page + beyond)].last;
    seen = [plan.rows[rowAt(plan.rows, line)].first, plan.rows[rowAt(plan.rows, line + page)].last];
    const held = list.contains(document.activeElement) ? current : -1;
    for (const [number, node] of nodes) if ((number < from || number > to) && number !== held && number !== current) drop(number, node);
    for (let number = to; number >= from; number -= 1) if (!nodes.has(number)) add(number);
    if (!nodes.has(current)) add(current);
    paintDates(line - page, line + 2 * page);
    need(from, to, line);
  }

  function paintDates(top, bottom) {
    const shown = plan.heads.filter((head) => head.top > top && head.top < bottom);
    dates.replaceChildren(...shown.map((head) => {
      const made = element("div", { class: "ip-date" }, head.text);
      Object.assign(made.style, { top: `${head.top}px`, left: `${head.left}px`, width: `${head.width}px` });
      return made;
    }));
  }

  function add(number) {
    const { top, height } = plan.rows[plan.row[number]];
    const node = element("div", { class: "ip-card", role: "option", tabindex: number === current ? 0 : -1, "aria-setsize": aspects.length, "aria-posinset": number + 1, "aria-selected": String(Boolean(marks[number])) });
    node.dataset.number = number;
    Object.assign(node.style, { transform: `translate(${plan.left[number]}px, ${top}px)`, width: `${plan.wide[number]}px`, height: `${height}px` });
    nodes.set(number, node);
    fill(number);
    list.insertBefore(node, nodes.get(number + 1) || [...list.children].find((one) => Number(one.dataset.number) > number) || null);
  }

  function drop(number, node) {
    node.remove();
    nodes.delete(number);
    const picture = pictures.get(number);
    if (picture?.blob) { URL.revokeObjectURL(picture.blob); pictures.delete(number); }
    else if (picture) picture.image = null;
  }

  function dateOf(number) {
    let text = "";
    for (const [start, heading] of headings) { if (start > number) break; text = heading; }
    return text;
  }

  function hasCards(first, last) {
    for (let number = first; number <= last; number += 1) if (!cardOf(number)) return false;
    return true;
  }
  const cardOf = (number) => blocks.get(Math.floor(number / BLOCK))?.[number % BLOCK];

  function fill(number) {
    const node = nodes.get(number), card = cardOf(number);
    if (!node) return;
    const place = element("div", { class: "ip-picture" }), check = element("span", { class: "ip-check", "aria-hidden": "true" }, "✓");
    if (!card) {
      node.setAttribute("aria-label", `Photo ${number + 1}`);
      node.replaceChildren(place, check);
      return;
    }
    const tags = card.tags.map(([name, confidence]) => card.said.includes(name)
      ? element("span", { class: "ip-tag ip-said", title: "A person said so" }, `✎ ${name}`)
      : element("span", { class: "ip-tag" }, confidence === null ? name : `${name} ${Math.round(confidence)} %`));
    const note = [STATE_SIGNS[card.tone], card.note].filter(Boolean).join(" ");
    node.setAttribute("aria-label", [card.name, dateOf(number), card.note, ...card.tags.map(([name]) => name)].filter(Boolean).join(", "));
    node.title = card.note ? `${card.name}\n${card.note}` : card.name;
    if (!card.thumbnail) place.append(element("span", { class: "ip-state" }, element("span", { "data-tone": card.tone }, note || "No thumbnail"), element("span", { class: "ip-name" }, card.name)));
    const badge = card.thumbnail && card.note ? element("span", { class: "ip-badge", "data-tone": card.tone }, STATE_SIGNS[card.tone] || "!") : null;
    const caption = element("div", { class: "ip-caption" }, element("span", { class: "ip-name" }, card.name), tags.length ? element("span", { class: "ip-tags" }, ...tags) : null);
    node.replaceChildren(...[place, card.thumbnail ? caption : null, badge, check].filter(Boolean));
    if (card.thumbnail) showPicture(number, card, place);
  }

  function showPicture(number, card, place) {
    const known = pictures.get(number) || { tries: 0 };
    pictures.set(number, known);
    if (known.image?.classList.contains("ip-there")) return place.append(known.image); // it may not be had again
    if (known.cause) return place.append(element("span", { class: "ip-state", "data-tone": "warning", title: known.cause }, `${STATE_SIGNS.warning} No picture`));
    const url = safeUrl(known.blob || (blocked ? "" : card.address));
    if (!url) return askBytes(number, known);
    const before = earlier.get(card.id), shown = () => { anyShown = true; image.classList.add("ip-there"); if (before) place.replaceChildren(image); goOn(); };
    const image = element("img", { alt: "", decoding: "async", draggable: "false", fetchpriority: number >= seen[0] && number <= seen[1] ? "high" : "low", onload: shown, onerror: () => failed(number, known) });
    image.src = url;
    known.image = image;
    place.append(before || image);
  }

  // The rest of what is near follows the pictures in view.
  function goOn(late = false) {
    if (!alone || (!late && (list.querySelector("img:not(.ip-there)") || !hasCards(...seen)))) return;
    alone = false;
    requestAnimationFrame(() => setTimeout(() => { // these are painted before
      later();
      model.send({ type: "painted", version });
    }));
  }

  // First a fresh address: the old one may have expired. Then the kernel's bytes: S3 may be out of reach.
  function failed(number, known) {
    if (pictures.get(number) !== known || !nodes.has(number)) return;
    known.tries += 1;
    if (known.blob) { known.cause = "The picture cannot be shown."; return fill(number); }
    if (known.tries === 1 && anyShown) { expired.add(Math.floor(number / BLOCK)); return later(); }
    blocked = !anyShown;
    askBytes(number, known);
  }

  function askBytes(number, known) {
    if (known.asked) return;
    known.asked = true;
    model.send({ type: "bytes", version, number });
  }

  function isWhole(block, known = blocks.get(block)?.length) { return known >= Math.min(BLOCK, aspects.length - block * BLOCK); }

  // Asks for the blocks in view once the scrolling has slowed down; the first ones at once.
  function need(from, to, line) {
    clearTimeout(timer);
    const wanted = [];
    for (let block = Math.floor(from / BLOCK); block <= Math.floor(to / BLOCK); block += 1) if ((!isWhole(block) || expired.has(block)) && !asked.has(block)) wanted.push(block);
    const middle = plan.rows[rowAt(plan.rows, line)].first / BLOCK;
    wanted.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    const ask = () => { for (const block of wanted) { asked.add(block); model.send({ type: "window", version, number: block * BLOCK, count: BLOCK }); } };
    if (blocks.size && wanted.length) timer = setTimeout(ask, SETTLE_MS); else ask();
  }

  function onMessage(content, buffers) {
    if (content.type === "layout") return onLayout(content, buffers[0]);
    if (content.type === "copy") { copyText(content.text).then((done) => say(done ? content.said : "The browser does not allow copying.")); return; }
    if (content.type === "save") return saving.start(content);
    if (content.type === "chunk") return saving.receive(content, buffers);
    if (content.type === "focus") return takeFocus();
    if (content.version !== version) return;
    if (content.type === "reveal") { current = content.number; reveal(current, "center"); paint(); roving(); }
    else if (content.type === "window") onWindow(content);
    else if (content.type === "bytes") {
      const known = pictures.get(content.number);
      if (!known) return;
      if (content.cause) trouble(content.cause);
      if (content.cause || !buffers[0]?.byteLength) known.cause = content.cause || "No thumbnail.";
      else known.blob = URL.createObjectURL(new Blob([buffers[0]]));
      if (nodes.has(content.number)) fill(content.number);
      else { if (known.blob) URL.revokeObjectURL(known.blob); pictures.delete(content.number); }
    }
  }

  function onLayout(content, data) {
    const before = version;
    if (content.version === before) return; // it had come unasked
    version = content.version;
    aspects = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    headings = content.headings;
    ending.textContent = content.note;
    ending.hidden = !content.note;
    keepPictures();
    for (const known of [blocks, asked, expired]) known.clear();
    forgetPictures();
    if (content.ahead) asked.add(0);
    alone = true;
    current = Math.min(current, Math.max(0, aspects.length - 1));
    readSelection(content.selection);
    scroller.hidden = !aspects.length;
    arrange(before >= 0 && scroller.scrollTop > 0);
    tell();
  }

  // A block comes whole, or (the first one, unasked) its first screen before the rest.
  function onWindow({ number, cards, cause }) {
    const block = Math.floor(number / BLOCK), at = number % BLOCK, before = at ? blocks.get(block) || [] : [];
    if (cause) { asked.delete(block); return trouble(cause); } // what is there stays
    if (before.length < at) blocks.delete(block);
    if (before.length !== at) { asked.delete(block); return later(); }
    if (isWhole(block, at + cards.length)) asked.delete(block); // else the rest is on its way
    if (troubled) { troubled = false; message = ""; tell(); }
    blocks.delete(block);
    expired.delete(block);
    blocks.set(block, [...before, ...cards]);
    if (blocks.size > KEPT_BLOCKS) {
      const far = [...blocks.keys()].sort((a, b) => Math.abs(b - block) - Math.abs(a - block));
      far.slice(0, blocks.size - KEPT_BLOCKS).forEach((one) => blocks.delete(one));
    }
    for (let each = number; each < number + cards.length; each += 1) fill(each);
    goOn();
    if (alone) setTimeout(() => goOn(true), FIRST_MS); // whatever becomes of the pictures
  }

  // Selection: a mark for each photo, sent as ranges.
  function readSelection(selection) {
    marks = new Uint8Array(aspects.length);
    marked = 0;
    if (!selection.length) return;
    for (const [first, last] of selection) marks.fill(1, first, last + 1);
    countMarks();
  }
  function countMarks() { marked = marks.reduce((sum, one) => sum + one, 0); }
  function ranges() {
    const found = [];
    for (let number = 0; number < marks.length; number += 1) if (marks[number]) { if (found.length && found.at(-1)[1] === number - 1) found.at(-1)[1] = number; else found.push([number, number]); }
    return found;
  }
  function select(pairs, value) {
    if (!value) marks.fill(0);
    for (const [first, last] of pairs) marks.fill(1, first, last + 1);
    changed();
  }
  function toggle(number) { marks[number] ^= 1; anchor = number; changed(); }
  function changed() {
    countMarks();
    showMarks();
    tell();
    model.send({ type: "select", version, ranges: ranges() });
  }
  function showMarks() {
    for (const [number, node] of nodes) node.setAttribute("aria-selected", String(Boolean(marks[number])));
    root.classList.toggle("ip-selecting", marked > 0);
  }
  function extend(to) { select([[Math.min(anchor, to), Math.max(anchor, to)]], 1); }

  function onClick(event) {
    const node = event.target.closest(".ip-card");
    if (!node) return;
    const number = Number(node.dataset.number);
    focusOn(number);
    if (event.shiftKey) { event.preventDefault(); extend(number); }
    else if (event.ctrlKey || event.metaKey || marked || event.target.closest(".ip-check")) toggle(number);
    else open(number);
  }

  function open(number) { model.send({ type: "open", version, number }); }

  function roving() { for (const [number, node] of nodes) node.tabIndex = number === current ? 0 : -1; }
  function reveal(number, block = "nearest") {
    const { top, height } = plan.rows[plan.row[number]], page = scroller.clientHeight, line = scroller.scrollTop;
    if (block === "center") scroller.scrollTop = top - (page - height) / 2;
    else if (top < line) scroller.scrollTop = Math.max(0, top - 44);
    else if (top + height > line + page) scroller.scrollTop = top + height - page + 8;
  }
  function focusOn(number) {
    current = Math.max(0, Math.min(aspects.length - 1, number));
    if (!aspects.length) return;
    reveal(current);
    paint();
    roving();
    nodes.get(current)?.focus({ preventScroll: true });
  }

  function takeFocus() { // from what is gone; what somebody has gone to keeps it
    const held = document.activeElement;
    if (held !== document.body && held?.getClientRects().length) return;
    if (aspects.length) focusOn(current); else (invite.hidden ? root : invite).focus();
  }

  function vertically(by) {
    const target = plan.rows[plan.row[current] + by];
    if (!target) return by < 0 ? 0 : aspects.length - 1;
    const middle = plan.left[current] + plan.wide[current] / 2;
    let best = target.first;
    for (let number = target.first; number <= target.last; number += 1) if (Math.abs(plan.left[number] + plan.wide[number] / 2 - middle) < Math.abs(plan.left[best] + plan.wide[best] / 2 - middle)) best = number;
    return best;
  }
  function pageAway(by) {
    const line = plan.rows[plan.row[current]].top + by * scroller.clientHeight * 0.9;
    return line < 0 ? 0 : line > plan.height ? aspects.length - 1 : plan.rows[rowAt(plan.rows, line)].first;
  }

  function onKey(event) {
    if (event.altKey || !aspects.length) return;
    const whole = event.ctrlKey || event.metaKey;
    const to = { ArrowRight: () => current + 1, ArrowLeft: () => current - 1, ArrowDown: () => vertically(1), ArrowUp: () => vertically(-1), Home: () => 0, End: () => aspects.length - 1, PageDown: () => pageAway(1), PageUp: () => pageAway(-1) }[event.key];
    if (whole && event.key.toLowerCase() === "a") select([[0, aspects.length - 1]], 1);
    else if (whole) return;
    else if (to) { if (!event.shiftKey) anchor = Math.max(0, Math.min(aspects.length - 1, to())); focusOn(to()); if (event.shiftKey) extend(current); }
    else if (event.key === " ") { if (event.shiftKey) extend(current); else toggle(current); }
    else if (event.key === "Enter") open(current);
    else if (event.key === "Escape" && marked) select([], 0);
    else if (event.key.toLowerCase() === "l" && marked && model.get("actions").some(({ name }) => name === "label")) model.send({ type: "action", version, name: "label" });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // In what is asked about the selected photos, beside the gallery: fields and buttons with ipywidgets' classes.
  function onEscape(event) {
    if (event.key !== "Escape" || !event.target.closest?.(".widget-inline-hbox, .jupyter-button")) return;
    if (!root.closest(".ip-panel")?.contains(event.target)) return;
    event.stopPropagation(); // it closes nothing else
    model.send({ type: "cancel" });
  }

  // What keeps cards or pictures back is said once, above the photos, and stays until cards come again.
  function trouble(cause) { troubled = true; message = `${STATE_SIGNS.error} ${cause}`; tell(); }

  function say(text) { message = text; tell(); setTimeout(() => { if (message === text) { message = ""; tell(); } }, 6000); }

  function tell() {
    const count = version < 0 ? model.get("count") : aspects.length, loading = model.get("loading");
    said.textContent = message || (marked ? `${marked.toLocaleString("en")} selected` : loading ? "Loading…" : "");
    tools.hidden = !marked;
    tools.replaceChildren(...model.get("actions").map(({ name, label, hint }) => element("button", { type: "button", title: hint, disabled: model.get("asking"), onclick: () => model.send({ type: "action", version, name }) }, label)), clear);
    bar.hidden = !count;
    empty.hidden = count > 0 || loading || !model.get("empty");
    emptyText.textContent = model.get("empty");
    invite.textContent = model.get("invitation");
    invite.hidden = !invite.textContent;
    scroller.hidden = !aspects.length;
    size.value = model.get("size");
    list.setAttribute("aria-busy", String(loading));
    list.setAttribute("aria-label", model.get("label"));
    root.classList.toggle("ip-loading", loading);
    root.classList.toggle("ip-troubled", troubled);
    root.classList.toggle("ip-selecting", marked > 0);
  }

  // Pictures stay until those of the next layout are there, which may be others.
  function keepPictures() {
    const there = [...pictures].filter(([number, { image }]) => image?.classList.contains("ip-there") && cardOf(number));
    earlier = new Map(there.map(([number, { image }]) => [cardOf(number).id, image]));
  }
  function forgetPictures() {
    for (const { blob } of pictures.values()) if (blob) URL.revokeObjectURL(blob);
    pictures.clear();
  }

  const resized = new ResizeObserver(() => { if (canvas.clientWidth && canvas.clientWidth !== width) arrange(); else later(); });
  resized.observe(scroller);
  tell();
  const early = takeEarly(model);
  model.on("msg:custom", onMessage);
  if (early.length) early.forEach(([content, buffers]) => onMessage(content, buffers));
  else if (model.get("version")) model.send({ type: "layout" }); // else it comes when something is shown
  const undo = [
    watch(model, ["version"], () => { if (model.get("version") !== version) model.send({ type: "layout" }); }),
    watch(model, ["selection"], () => { if (model.get("version") === version) { readSelection(model.get("selection")); showMarks(); tell(); } }),
    watch(model, ["count", "loading", "empty", "invitation", "label", "actions", "asking"], tell), watch(model, ["size"], () => arrange()),
  ];
  document.addEventListener("keydown", onEscape, true);
  return () => {
    document.removeEventListener("keydown", onEscape, true);
    undo.forEach((each) => each());
    model.off("msg:custom", onMessage);
    resized.disconnect();
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    saving.end();
    forgetPictures();
  };
}
export default { initialize, render };
