// Puts a text into the clipboard, and returns whether that worked. Without a secure context there is only the old way.
async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way */ }
  const field = element("textarea", { "aria-hidden": "true", tabindex: -1, class: "ip-visually-hidden" }), had = document.activeElement;
  field.value = text;
  (had?.closest("dialog") || document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  had?.focus?.({ preventScroll: true });
  return done;
}
