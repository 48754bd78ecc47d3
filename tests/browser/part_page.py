"""Parts drawn by their own scripts in a page that has JupyterLab's styles, and no kernel: quick to open."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.browser.pages import Page

_SHARE = Path(sys.prefix) / "share" / "jupyter"
_STYLES = _SHARE / "nbconvert" / "templates" / "lab" / "static" / "index.css"
"""The style sheets of JupyterLab's packages, as nbconvert carries them."""

_PAGE = """<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width">
<title>Parts</title><style>{styles}</style>
<style>{theme} main {{ box-sizing: border-box; padding: 8px }}</style></head>
<body data-jp-theme-light="{light}" style="margin:0;background:var(--jp-layout-color0)">
<main class="jp-OutputArea-output" style="display:block"></main></body></html>"""

_URL = "http://localhost/parts"
"""A secure context, as JupyterLab's is; nothing is asked there."""

_DRAW = """async (parts) => {
  window.models = [];
  for (const { state, bytes, esm, css } of parts) {
    for (const [name, text] of Object.entries(bytes)) {
      const raw = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      state[name] = new DataView(raw.buffer);
    }
    const handlers = {}, sent = [];
    const model = {
      sent,
      get: (name) => state[name],
      set: (name, value) => {
        state[name] = value;
        (handlers[`change:${name}`] ?? []).forEach((one) => one());
      },
      save_changes: () => {},
      send: (message) => sent.push(JSON.parse(JSON.stringify(message))),
      receive: (message, buffers) => (handlers['msg:custom'] ?? []).forEach((one) => one(message, buffers)),
      on: (name, handler) => (handlers[name] ??= []).push(handler),
      off: (name, handler) => { handlers[name] = (handlers[name] ?? []).filter((one) => one !== handler); },
    };
    window.models.push(model);
    const style = document.createElement('style');
    style.textContent = css;
    document.head.append(style);
    const el = document.createElement('div');
    document.querySelector('main').append(el);
    const made = await import(URL.createObjectURL(new Blob([esm], { type: 'text/javascript' })));
    await made.default.initialize?.({ model });
    await made.default.render({ model, el });
  }
}"""


def draw(page: Page, widgets: Iterable[Any], *, dark: bool = False) -> None:
    """Draw parts below each other. What they send is in `models[index].sent`."""
    theme = _STYLES.with_name(f"theme-{'dark' if dark else 'light'}.css").read_text()
    light = "false" if dark else "true"
    text = _PAGE.format(styles=_STYLES.read_text(), theme=theme, light=light)
    page.page.route(_URL, lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    page.page.goto(_URL)
    page.page.evaluate(_DRAW, [_plain(widget) for widget in widgets])


def _plain(widget: Any) -> dict[str, Any]:
    state = widget.get_state()
    raw = {name: value for name, value in state.items() if isinstance(value, bytes | memoryview)}
    others = {name: value for name, value in state.items() if name not in raw and not name.startswith("_")}
    return {
        "state": json.loads(json.dumps(others, default=str)),
        "bytes": {name: base64.b64encode(bytes(value)).decode() for name, value in raw.items()},
        "esm": str(widget._esm),
        "css": str(widget._css),
    }
