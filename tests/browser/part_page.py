"""Parts drawn by their own scripts in a page that has JupyterLab's styles, and no kernel: quick to open."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

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


_KEEP = """(index) => {
  const model = models[index], plain = (one) => btoa(String.fromCharCode(...new Uint8Array(one)));
  model.kept = model.sent.map((message) => [message, []]);
  model.send = (message, _, buffers) => model.kept.push([message, (buffers ?? []).map(plain)]);
}"""
_RECEIVE = """([index, message, buffers]) => models[index].receive(message, buffers.map((text) =>
  new DataView(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer)))"""


def draw(page: Page, widgets: Iterable[Any], *, dark: bool = False) -> None:
    """Draw parts below each other. What they send is in `models[index].sent`."""
    theme = _STYLES.with_name(f"theme-{'dark' if dark else 'light'}.css").read_text()
    light = "false" if dark else "true"
    text = _PAGE.format(styles=_STYLES.read_text(), theme=theme, light=light)
    page.page.route(_URL, lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    page.page.goto(_URL)
    page.page.evaluate(_DRAW, [_plain(widget) for widget in widgets])


class Bridge:
    """A kernel for a part in the page: it hears what the page sends, and the page what it sends."""

    def __init__(self, page: Page, widget: Any, monkeypatch: pytest.MonkeyPatch, index: int = 0) -> None:
        """The widget is the one that was drawn at this place."""
        self._page, self._widget, self._model = page.page, widget, index
        self._answers: list[tuple[Any, list[str]]] = []
        self.heard: list[Any] = []
        """The messages that the page has sent."""
        monkeypatch.setattr(widget, "send", self._send)
        self._page.evaluate(_KEEP, index)

    def pump(self, until: Callable[[], bool]) -> None:
        """Carry messages to and fro until this is so. Raises AssertionError if that takes ten seconds."""
        for _ in range(400):
            for message, buffers in self._page.evaluate("(one) => models[one].kept.splice(0)", self._model):
                self.heard.append(message)
                self._widget._handle_custom_msg(message, [base64.b64decode(one) for one in buffers])
            while self._answers:
                self._page.evaluate(_RECEIVE, [self._model, *self._answers.pop(0)])
            if until():
                return
            self._page.wait_for_timeout(25)
        raise AssertionError("it never comes")

    def _send(self, content: Any, buffers: Any = ()) -> None:
        self._answers.append((content, [base64.b64encode(bytes(one)).decode() for one in buffers or ()]))


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
