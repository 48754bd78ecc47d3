// Groups of photos side by side. Pictures are asked for when their group comes into view.
function render({ model, el }) {
  const root = element("section", { class: "ip ip-duplicates", "aria-label": "Duplicates" });
  el.append(root);
  let pictures = new Map();
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) { watcher.unobserve(target); model.send({ type: "address", id: target.dataset.id }); }
  }, { rootMargin: "300px" });

  function draw() {
    const held = document.activeElement?.dataset?.photo;
    drop();
    root.replaceChildren(...model.get("groups").map(drawGroup));
    if (held) root.querySelector(`input[data-photo="${CSS.escape(held)}"]`)?.focus();
  }

  function drawGroup(photos, number) {
    return element("section", { class: "ip-group", "aria-label": `Group ${number + 1}` },
      element("h3", {}, `${photos.length} photos`), element("ul", {}, ...photos.map(drawPhoto)));
  }

  function drawPhoto({ id, name, facts, kept, thumbnail }) {
    const image = element("img", { alt: "", draggable: "false", "data-id": id, onload: () => image.classList.add("ip-there"), onerror: () => failed(id) });
    if (thumbnail) { pictures.set(id, { image, tried: false }); watcher.observe(image); }
    const box = element("input", { type: "checkbox", "data-photo": id, "aria-label": `Select ${name}`, onchange: () => model.send({ type: "select", id, on: box.checked }) });
    box.checked = model.get("selected").includes(id);
    return element("li", { class: kept ? "ip-kept" : undefined }, element("label", {},
      element("span", { class: "ip-place" }, thumbnail ? image : "No thumbnail", kept ? element("span", { class: "ip-keep" }, "Keep") : null),
      element("span", { class: "ip-name" }, box, " ", element("strong", {}, name)),
      ...facts.map((fact) => element("span", { class: "ip-fact" }, fact))));
  }

  function check() {
    const selected = new Set(model.get("selected"));
    for (const box of root.querySelectorAll("input[data-photo]")) box.checked = selected.has(box.dataset.photo);
  }

  function failed(id) { // S3 may be out of the browser's reach: then the kernel has the bytes
    const known = pictures.get(id);
    if (!known || known.tried) return;
    known.tried = true;
    model.send({ type: "bytes", id });
  }

  function onMessage({ type, id, address }, buffers) {
    const known = pictures.get(id);
    if (!known) return;
    const url = type === "address" ? safeUrl(address ?? "") : buffers?.[0]?.byteLength ? URL.createObjectURL(new Blob([buffers[0]])) : "";
    if (url) known.image.src = url; else failed(id);
  }

  function drop() {
    for (const { image } of pictures.values()) { watcher.unobserve(image); if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src); }
    pictures = new Map();
  }
  model.on("msg:custom", onMessage);
  draw();
  const undo = [watch(model, ["groups"], draw), watch(model, ["selected"], check)];
  return () => { for (const one of undo) one(); drop(); watcher.disconnect(); model.off("msg:custom", onMessage); };
}
export default { render };
