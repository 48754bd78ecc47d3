// Cards of albums: each is one button. Pictures are asked for when their card comes into view.
function render({ model, el }) {
  const list = element("ul", { class: "ip-album-list", "aria-label": "Albums" }), said = element("p", { class: "ip-empty", role: "status" });
  const name = element("input", { type: "text", maxlength: 200, "aria-label": "Name of the new album", placeholder: "Name", "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.stopPropagation(), oninput: offer });
  const what = element("strong", { "aria-live": "polite" }, "New album"), doing = element("button", { type: "submit" }, "Create");
  const form = element("form", { class: "ip-new", onsubmit: create }, element("span", { class: "ip-plus", "aria-hidden": "true" }, "+"), what, name, doing);
  const making = element("li", { class: "ip-album" }, form);
  const choose = element("button", { type: "button", class: "ip-invite", onclick: () => document.dispatchEvent(new CustomEvent("ip-choose-files", { detail: root.closest(".ip-app") })) }, "Choose photos");
  const root = element("section", { class: "ip ip-album-cards", "aria-label": "Albums" }, said, choose, list);
  list.append(making);
  el.append(root);
  let pictures = new Map();
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) { watcher.unobserve(target); model.send({ type: "address", text: target.dataset.id }); }
  }, { rootMargin: "200px" });

  function create(event) {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    model.send({ type: "create", text: name.value });
    name.value = "";
    offer();
  }

  // A name that is there already opens its album.
  function offer() {
    const is = model.get("cards").some((card) => card.name === name.value.trim());
    what.textContent = is ? "You have this album" : "New album";
    doing.textContent = is ? "Open" : "Create";
  }

  function draw() {
    const cards = model.get("cards"), loading = model.get("loading"), none = !loading && !cards.length && model.get("known");
    said.textContent = loading && !cards.length ? "Reading the albums…" : none ? "Drop photos here to start. They go into an album of today, or make one first." : "";
    said.hidden = !said.textContent;
    choose.hidden = !none;
    list.hidden = !cards.length && !loading && !none;
    list.setAttribute("aria-busy", String(loading));
    const held = document.activeElement?.dataset?.album, before = pictures;
    pictures = new Map();
    while (making.previousSibling) making.previousSibling.remove(); // the new album's field keeps what is typed, and the focus
    making.before(...cards.map((card) => item(card, before.get(card.id))));
    offer();
    if (held) list.querySelector(`[data-album="${CSS.escape(held)}"]`)?.focus();
    for (const [id, { image }] of before) if (pictures.get(id)?.image !== image) { watcher.unobserve(image); if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src); }
  }

  function item({ id, name: text, count, cover, about }, known) {
    const image = known?.image ?? element("img", { alt: "", draggable: "false", "data-id": id, onload: () => image.classList.add("ip-there"), onerror: () => failed(id) });
    if (cover) {
      const asked = known?.cover === cover && image.getAttribute("src");
      pictures.set(id, asked ? known : { image, cover, tried: false });
      if (!asked) watcher.observe(image); // which shows what it has until there is another picture
    }
    const counted = `${count.toLocaleString("en")} ${count === 1 ? "photo" : "photos"}`;
    const place = element("span", { class: "ip-cover" }, cover ? image : element("span", { "aria-hidden": "true" }, "No photos yet"));
    return element("li", { class: "ip-album" }, element("button", { type: "button", "data-album": id, title: [text, about].filter(Boolean).join(": "), onclick: () => model.send({ type: "open", text: id }) },
      place, element("strong", { class: "ip-album-name" }, text), element("span", { class: "ip-count" }, counted), about ? element("span", { class: "ip-about" }, about) : null));
  }

  function failed(id) { // S3 may be out of the browser's reach: then the kernel has the bytes
    const known = pictures.get(id);
    if (!known || known.tried) return;
    known.tried = true;
    model.send({ type: "cover", text: id });
  }

  function onMessage({ type, id, address }, buffers) {
    const known = pictures.get(id);
    if (!known) return;
    const url = type === "address" ? safeUrl(address ?? "") : buffers?.[0]?.byteLength ? URL.createObjectURL(new Blob([buffers[0]])) : "";
    if (!url || url === known.image.src) return;
    if (known.image.src.startsWith("blob:")) URL.revokeObjectURL(known.image.src);
    known.image.src = url;
  }
  model.on("msg:custom", onMessage);
  draw();
  const undo = watch(model, ["cards", "loading", "known"], draw);
  return () => { undo(); watcher.disconnect(); model.off("msg:custom", onMessage); };
}
export default { render };
