"""Generated markup in every field of every part: the page has no other elements than with harmless texts.

The parts are shown by JupyterLab, by the web app's server, and as an exported page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter

import imageproc.widgets
from tests import soak
from tests.browser.conftest import free_port, server
from tests.browser.every_field import MARK, parts
from tests.browser.pages import Page, Visit

ROOT = Path(__file__).parents[2]
TEXTS = 120
PATIENCE_S = 10.0
CANARY = "canary.invalid"

PIECES = (
    "<script>window.injected=1</script>",
    "<img src=//canary.invalid/i onerror=window.injected=1>",
    "<svg/onload=window.injected=1>",
    "<style>*{display:none!important}</style>",
    "<iframe srcdoc='<script>parent.injected=1</script>'>",
    "<link rel=stylesheet href=//canary.invalid/s>",
    "<base href=//canary.invalid/>",
    "<form action=//canary.invalid/><input name=x autofocus onfocus=window.injected=1>",
    "<details open ontoggle=window.injected=1>",
    "<a href=javascript:window.injected=1>click</a>",
    "javascript:window.injected=1",
    "data:text/html,<script>window.injected=1</script>",
    "https://canary.invalid/",
    "</td></tr></table><h1>",
    "</script>",
    "</pre></details>",
    "</svg>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    '"',
    "'",
    "`",
    "&",
    "&lt;b&gt;",
    "&#x3c;b&#x3e;",
    "\\",
    '" onmouseover="window.injected=1',
    "' style='position:fixed;inset:0'",
    "url(//canary.invalid/u)",
    "{{7*7}}",
    "${7*7}",
    "{0.__class__}",
    "%s%n",
    "$$\\href{javascript:window.injected=1}{x}$$",
    "![x](//canary.invalid/m)",
    "[x](javascript:window.injected=1)",
    "\u202egpj.exe",
    "\u200b\u2066",
    "e\u0301\u0301\u0301\u0301",
    "\x1b[31m",
    "\x00",
    "\x7f",
    "\u2028",
    "\ufeff",
    "\r\n",
    "\t",
    "a" * 90,
    "\u05d0\u05d1",
    "\U0001f469\u200d\U0001f469\u200d\U0001f466",
)
TEXT = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=6
)
PAGES = st.lists(TEXT.map("".join), min_size=TEXTS, max_size=TEXTS)

generated = settings(
    max_examples=soak.of(1, 2),
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

SHOWN = """() => {
  const BAD_URL = /^\\s*(javascript|data:text)/i;
  const roots = [...document.querySelectorAll('.ip')], elements = {}, risky = [];
  for (const one of roots.flatMap((root) => [...root.querySelectorAll('*')])) {
    const name = one.tagName.toLowerCase();
    if (one.closest('svg') && name === 'text') continue;  // a state's name takes as many lines as it needs
    elements[name] = (elements[name] || 0) + 1;
    for (const { name, value } of one.attributes)
      if (/^on|^srcdoc$|^formaction$/.test(name) || (name !== 'title' && BAD_URL.test(value)))
        risky.push(`${name}=${value}`);
  }
  const wide = roots.filter((root) => root.scrollWidth > root.clientWidth + 1).map((root) => root.className);
  return { elements, risky, wide, roots: roots.length, script: 'injected' in window,
           text: document.body.textContent };
}"""


def harmless(texts: list[str]) -> list[str]:
    """Texts of the same lengths, with line breaks where the hostile ones have them."""
    return [re.sub(r"[^\r\n]", "a", text) for text in texts]


def marked(texts: list[str]) -> Callable[[], str]:
    """Return what gives one text after the other, each with a mark of its own."""
    numbered = (f"{MARK}{number} {text}" for number, text in enumerate(texts))
    return lambda: next(numbered)


def notebook(folder: Path, *, static: bool = False) -> Path:
    """Write a notebook that shows all parts with the texts of `texts.json`."""
    show = "show_static(*(one for one in shown if hasattr(one, 'static')))" if static else "show(*shown)"
    source = f"""import json, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from imageproc.widgets import show, show_static
from tests.browser.every_field import parts
from tests.browser.test_every_field import marked
shown = parts(marked(json.loads(Path({str(folder / "texts.json")!r}).read_text())))
{show}"""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = folder / "every_field.ipynb"
    nbformat.write(made, path)
    return path


def compare(look: Callable[[list[str]], dict[str, Any]], texts: list[str]) -> None:
    """See that hostile texts make the same page as harmless ones, but for the texts."""
    plain, hostile = look(harmless(texts)), look(texts)
    if plain["text"].count(MARK) < hostile["text"].count(MARK):
        plain = look(harmless(texts))  # a busy machine was not done with it: now it is known how many come
    assert hostile["roots"] > 0
    assert hostile["text"] != plain["text"]
    assert hostile["roots"] == plain["roots"]
    assert hostile["elements"] == plain["elements"]
    assert (hostile["risky"], hostile["script"]) == ([], False)
    assert hostile["wide"] == []
    assert hostile["text"].count(MARK) == plain["text"].count(MARK) > 30


class Watched:
    """A page, and what it asked other hosts for."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked, self.marks = page, list[str](), 0
        page.page.on("request", lambda request: self.asked.append(request.url))

    def look(self, least: int) -> dict[str, Any]:
        """Wait until the parts are drawn, and return what is there."""
        drawn = f"() => document.querySelectorAll('.ip').length >= {least}"
        self.page.page.wait_for_function(drawn)
        before, now = None, self._shown()
        deadline = time.monotonic() + PATIENCE_S
        # A busy machine pauses before the last part is drawn: as many texts come as the other time.
        while before != now or (now["text"].count(MARK) < self.marks and time.monotonic() < deadline):
            self.page.page.wait_for_timeout(500)
            before, now = now, self._shown()
        self.marks = max(self.marks, now["text"].count(MARK))
        assert [url for url in self.asked if CANARY in url] == []
        assert set(self.page.errors) == set()
        return now

    def _shown(self) -> dict[str, Any]:
        return dict(self.page.page.evaluate(SHOWN))


def test_every_field_of_every_part_gets_a_text() -> None:
    """A field that is added to a part, or a part to the workbench, has to be added to the page."""
    without_text = {
        "tone",
        "filter",
        "counts",
        "chosen",
        "selection",
        "selected",
        "uid",
        "signatures",
        "taken",
        "data",
        "states",
    }
    shown = parts(marked(["x"] * TEXTS))
    for kind in {type(one) for one in shown}:
        fields = {
            name: trait
            for name, trait in kind.class_own_traits(sync=True).items()
            if not isinstance(trait.default_value, int | float) and not name.startswith("_")
        }
        for name in set(fields) - without_text:
            values = [
                json.dumps(getattr(one, name), ensure_ascii=False) for one in shown if type(one) is kind
            ]
            assert any(MARK in value for value in values), f"{kind.__name__}.{name}"
    every = {name for name in imageproc.widgets.__all__ if isinstance(getattr(imageproc.widgets, name), type)}
    of_parts = {name for name in every if hasattr(getattr(imageproc.widgets, name), "_esm")}
    assert of_parts == {type(one).__name__ for one in shown}


def test_in_jupyterlab(visit: Visit, lab_url: str, notebooks: Path) -> None:
    notebook(notebooks)
    (notebooks / "texts.json").write_text(json.dumps(["x"] * TEXTS))
    watched = Watched(visit(1400, 3000))
    watched.page.open_notebook(lab_url, "every_field.ipynb")
    count = len(parts(marked(["x"] * TEXTS)))

    def look(texts: list[str]) -> dict[str, Any]:
        (notebooks / "texts.json").write_text(json.dumps(texts))
        watched.page.run_all()
        return watched.look(count)

    @generated
    @given(PAGES)
    def holds(texts: list[str]) -> None:
        compare(look, texts)

    holds()
    watched.page.screenshot("every-field-lab")


@pytest.fixture
def voila_url(tmp_path: Path, environment: dict[str, str]) -> Iterator[str]:
    """Voilà without kernels that have run the notebook before anybody came: their texts would be old ones."""
    (tmp_path / "texts.json").write_text(json.dumps(["x"] * TEXTS))
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "voila", str(notebook(tmp_path)), f"--port={port}", "--no-browser"]
    with server([*command, "--Voila.ip=127.0.0.1", "--Voila.token=fields"], environment, url):
        yield f"{url}?token=fields"


def test_in_the_web_apps_server(visit: Visit, voila_url: str, tmp_path: Path) -> None:
    count = len(parts(marked(["x"] * TEXTS)))

    @settings(generated, max_examples=1)  # each look takes a kernel of its own
    @given(PAGES)
    def holds(texts: list[str]) -> None:
        compare(look, texts)

    def look(texts: list[str]) -> dict[str, Any]:
        (tmp_path / "texts.json").write_text(json.dumps(texts))
        watched = Watched(visit(1400, 3000))
        watched.page.page.goto(voila_url)
        return watched.look(count)

    holds()


def exported(folder: Path, *pages: list[str]) -> list[Path]:
    """Export notebooks with these texts. One kernel makes the outputs of all."""
    path = notebook(folder, static=True)
    made = nbformat.read(path, as_version=4)
    (cell,) = made.cells
    made.cells = [
        nbformat.v4.new_code_cell(cell.source.replace("texts.json", f"{n}.json")) for n in range(len(pages))
    ]
    for number, texts in enumerate(pages):
        (folder / f"{number}.json").write_text(json.dumps(texts))
    nbformat.write(made, path)
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    executed = nbformat.read(path, as_version=4)
    files = []
    for number, cell in enumerate(executed.cells):
        text, _ = HTMLExporter().from_notebook_node(
            nbformat.v4.new_notebook(cells=[cell], metadata=executed.metadata)
        )
        files.append(folder / f"{number}.html")
        files[-1].write_text(text)
    return files


def test_in_an_exported_page(visit: Visit, tmp_path: Path) -> None:
    @settings(generated, max_examples=1)
    @given(PAGES)
    def holds(texts: list[str]) -> None:
        pages = iter(exported(tmp_path, harmless(texts), texts))
        compare(lambda _: look(next(pages)), texts)

    def look(page: Path) -> dict[str, Any]:
        watched = Watched(visit(1400, 3000))
        watched.page.page.goto(page.as_uri())
        watched.page.page.evaluate("() => document.body.classList.add('ip')")
        return watched.look(1)

    holds()
