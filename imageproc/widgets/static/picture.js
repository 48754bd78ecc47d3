function render({ model, el }) {
  const image = element("img"), root = element("div", { class: "ip ip-picture" }, image);
  el.append(root);
  let url = "";
  function draw() {
    const data = model.get("data");
    URL.revokeObjectURL(url);
    url = data?.byteLength ? URL.createObjectURL(new Blob([data], { type: "image/png" })) : "";
    root.hidden = !url;
    image.alt = model.get("alt");
    if (url) image.src = url;
  }
  draw();
  const undo = watch(model, ["data", "alt"], draw);
  return () => { undo(); URL.revokeObjectURL(url); };
}
export default { render };
