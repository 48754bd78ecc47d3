"""A search field with suggestions, conditions as chips, an order, and values with counts to narrow by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style

_LONGEST = 2000
"""Characters of a text that is searched for."""


@dataclass(frozen=True)
class Suggestion:
    """What the text being written may become."""

    text: str
    """The whole text with it."""
    label: str
    detail: str = ""
    """What it is, and of how many photos."""


@dataclass(frozen=True)
class FacetValue:
    """A value, the number of photos that have it, and the term that finds them."""

    label: str
    count: int
    term: str


@dataclass(frozen=True)
class Facet:
    """A field's most frequent values."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchHandlers:
    """What a search bar calls. `suggest` is called in a thread of its own."""

    search: Callable[[str], object] = lambda _: None
    """With the text to search for."""
    remove: Callable[[int], object] = lambda _: None
    """With the number of the chip to remove."""
    sort: Callable[[str], object] = lambda _: None
    """With the name of the order."""
    open_facets: Callable[[bool], object] = lambda _: None
    """When the values are opened or closed."""
    suggest: Callable[[str, int], Sequence[Suggestion]] = lambda _, __: ()
    """With a text, and where in it is being written."""
    copy: Callable[[], str] | None = None
    """Returns what the copy button copies."""


class SearchBar(anywidget.AnyWidget):
    """A search field. `summary` says how many were found, `problem` what is wrong with the text."""

    _esm = script("copying.js", "search_bar.js")
    _css = style("search_bar.css")

    text = traitlets.Unicode("").tag(sync=True)
    chips: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)
    order = traitlets.Unicode("").tag(sync=True)
    orders: Any = traitlets.List().tag(sync=True)
    facets: Any = traitlets.List().tag(sync=True)
    help = traitlets.Unicode("").tag(sync=True)
    placeholder = traitlets.Unicode("Search").tag(sync=True)

    def __init__(self, handlers: SearchHandlers | None = None, **traits: Any) -> None:
        """Search for nothing yet."""
        super().__init__(**traits)
        self._handlers = handlers or SearchHandlers()
        self._pool = ThreadPoolExecutor(1, "suggestions")
        self.on_msg(self._receive)

    def close(self) -> None:
        """Close the widget, and suggest nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict):
            return
        kind, number = message.get("type"), message.get("number")
        text = str(message.get("text", ""))[:_LONGEST]
        if kind == "search":
            self._handlers.search(text)
        elif kind == "suggest" and isinstance(number, int):
            self._pool.submit(self._suggest, text, number)
        elif kind == "remove" and isinstance(number, int) and 0 <= number < len(self.chips):
            self._handlers.remove(number)
        elif kind == "order" and text in dict(self.orders):
            self._handlers.sort(text)
        elif kind == "facets":
            self._handlers.open_facets(bool(message.get("open")))
        elif kind == "copy" and self._handlers.copy:
            self.send({"type": "copy", "text": self._handlers.copy()})

    def _suggest(self, text: str, caret: int) -> None:
        try:
            found = self._handlers.suggest(text, caret)
        except Exception:  # noqa: BLE001 - there are none; searching says what is wrong
            found = ()
        self.send({"type": "suggestions", "of": text, "found": [asdict(one) for one in found]})


def plain_facets(facets: Iterable[Facet]) -> list[dict[str, Any]]:
    """Return facets as the trait holds them."""
    return [asdict(facet) for facet in facets]
