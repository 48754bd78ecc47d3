// Cards of one page. Addresses come in messages; an image that fails asks once for a fresh one, then for bytes.
function render({ model, el }) {
  const grid = element("ul", { class: "ip-cards", role: "listbox", "aria-multiselectable": "true", onkeydown: onKey });
  const said = element("span", { role: "status", "aria-live": "polite" });
  const previous = element("button", { type: "button", onclick: () => turn(-1) }, "‹ Previous");
  const next = element("button", { type: "button", onclick: () => turn(1) }, "Next ›");
  const empty = element("p", { class: "ip-empty" });
  const pages = element("nav", { class: "ip-pages", "aria-label": "Pages of photos" }, previous, said, next);
  const root = element("div", { class: "ip ip-gallery" }, grid, empty, pages);
  el.append(root);

  let cards = new Map(), asked = { addresses: new Set(), bytes: new Set() }, timer = 0, reachable = true;
  let current = 0, landing = null, blobs = [];
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); need(entry.target.dataset.id); }
  }, { root: grid, rootMargin: "300px" });

  function need(id) { ask(reachable ? "addresses" : "bytes", id); }
  function ask(kind, id) {
    asked[kind].add(id);
    timer ||= setTimeout(() => {
      timer = 0;
      for (const type of ["addresses", "bytes"]) {
        if (asked[type].size) model.send({ type, ids: [...asked[type]] });
        asked[type] = new Set();
      }
    }, 15);
  }

  function draw() {
    const items = model.get("items"), had = document.activeElement && grid.contains(document.activeElement);
    seen.disconnect();
    blobs.forEach((url) => URL.revokeObjectURL(url));
    blobs = [];
    cards = new Map();
    grid.replaceChildren(...items.map(drawCard));
    grid.hidden = !items.length;
    empty.hidden = Boolean(items.length);
    empty.textContent = model.get("empty");
    current = landing === "last" ? items.length - 1 : landing === "first" ? 0 : Math.min(current, Math.max(0, items.length - 1));
    if (items.length) focusable(current, Boolean(had || landing));
    landing = null;
    mark();
    label();
  }

  function drawCard(item, index) {
    const place = element("div", { class: "ip-picture" }), state = sign(item);
    if (!item.thumbnail) place.append(element("span", { class: "ip-state", "data-tone": item.tone }, state || "No thumbnail"));
    const tags = item.tags.slice(0, 3).map(([name, confidence]) =>
      element("span", { class: "ip-tag" }, confidence === null ? name : `${name} ${Math.round(confidence)} %`));
    const node = element("li", {
      class: "ip-card", role: "option", tabindex: -1, "data-id": item.id, title: item.note ? `${item.name}\n${item.note}` : item.name,
      "aria-label": [item.name, item.note, ...item.tags.slice(0, 3).map(([name]) => name)].filter(Boolean).join(", "),
      onclick: () => { focusable(index, true); open(index); },
    }, place, element("div", { class: "ip-name" }, item.name),
    item.thumbnail && item.note ? element("div", { class: "ip-note", "data-tone": item.tone }, state) : null,
    element("div", { class: "ip-tags" }, ...tags));
    cards.set(item.id, { place, tries: 0 });
    if (item.thumbnail) seen.observe(node);
    return node;
  }

  const sign = (item) => [STATE_SIGNS[item.tone], item.note].filter(Boolean).join(" ");

  function showPicture(id, url) {
    const card = cards.get(id);
    if (!card || !safeUrl(url)) return;
    const image = element("img", { alt: "", decoding: "async", onload: () => { card.shown = true; }, onerror: () => failed(id, url) });
    image.src = safeUrl(url);
    card.place.replaceChildren(image);
  }

  // First a fresh address: the old one may have expired. Then the kernel's bytes: S3 may be out of reach.
  function failed(id, url) {
    const card = cards.get(id);
    if (!card) return;
    card.tries += 1;
    if (url.startsWith("blob:")) return say(id, "The picture cannot be shown.");
    if (card.tries > 1) { reachable = [...cards.values()].some((one) => one.shown); ask("bytes", id); }
    else ask("addresses", id);
  }

  function say(id, text) {
    cards.get(id)?.place.replaceChildren(element("span", { class: "ip-state", "data-tone": "warning" }, `${STATE_SIGNS.warning} ${text}`));
  }

  function onMessage(message, buffers) {
    if (message.type === "addresses") {
      for (const [id, url] of Object.entries(message.addresses)) {
        if (cards.get(id)?.shown) continue;
        if (url) showPicture(id, url); else if (cards.has(id)) ask("bytes", id);
      }
    } else if (message.type === "bytes" && cards.has(message.id)) {
      if (message.cause || !buffers[0]?.byteLength) return say(message.id, message.cause || "No thumbnail.");
      const url = URL.createObjectURL(new Blob([buffers[0]]));
      blobs.push(url);
      showPicture(message.id, url);
    }
  }

  function turn(step) {
    const page = model.get("page") + step;
    if (model.get("loading") || page < 0 || (step > 0 && !model.get("more"))) return;
    landing = step < 0 && grid.contains(document.activeElement) ? "last" : "first";
    if (!grid.contains(document.activeElement)) landing = null;
    current = 0;
    model.send({ type: "page", page });
  }

  function open(index) {
    const id = grid.children[index]?.dataset.id;
    if (id) model.send({ type: "open", ids: [id] });
  }

  function focusable(index, focus) {
    grid.children[current]?.setAttribute("tabindex", "-1");
    current = Math.max(0, Math.min(grid.children.length - 1, index));
    grid.children[current]?.setAttribute("tabindex", "0");
    if (focus) { grid.children[current]?.focus({ preventScroll: true }); grid.children[current]?.scrollIntoView({ block: "nearest" }); }
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = grid.children.length - 1, across = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
    if (event.key in steps) { const to = current + steps[event.key]; if (to >= 0 && to <= last) focusable(to, true); }
    else if (event.key === "Home") focusable(0, true);
    else if (event.key === "End") focusable(last, true);
    else if (event.key === "PageDown") turn(1);
    else if (event.key === "PageUp") turn(-1);
    else if (event.key === "Enter" || event.key === " ") open(current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function mark() {
    const marked = new Set(model.get("marked"));
    for (const card of grid.children) card.setAttribute("aria-selected", String(marked.has(card.dataset.id)));
    grid.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  function label() {
    const first = model.get("first"), count = model.get("items").length, total = model.get("total"), more = model.get("more");
    const span = `Photos ${first + 1}–${first + count}`, all = count === 1 ? "1 photo" : `${count} photos`;
    const text = !count ? "" : total < 0 ? `${span}; more follow` : first || more ? `${span} of ${total}` : all;
    said.textContent = model.get("loading") ? "Loading…" : text;
    previous.disabled = model.get("loading") || model.get("page") <= 0;
    next.disabled = model.get("loading") || !more;
    pages.classList.toggle("ip-single", model.get("page") <= 0 && !more);
    grid.setAttribute("aria-busy", String(model.get("loading")));
    grid.setAttribute("aria-label", model.get("label"));
  }

  draw();
  model.on("msg:custom", onMessage);
  const undo = [watch(model, ["items", "empty"], draw), watch(model, ["page", "first", "total", "more", "loading", "label"], label), watch(model, ["marked"], mark)];
  return () => {
    undo.forEach((each) => each());
    model.off("msg:custom", onMessage);
    seen.disconnect();
    blobs.forEach((url) => URL.revokeObjectURL(url));
  };
}
export default { render };
