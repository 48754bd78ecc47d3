"""The only place where text becomes HTML or SVG. Photos, keys, labels and names are hostile: all is escaped.

`Markup` is MarkupSafe's: formatting and joining escape everything that is not Markup, so that no text slips
through by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

__all__ = ["Markup", "escape", "table"]

# Jupyter aligns headings and cells to the right, and tables and captions in the middle.
_TABLE = "margin-left:0;overflow-wrap:break-word"
_CAPTION = "caption-side:top;text-align:left;font-weight:600"
_CELL = "text-align:left;vertical-align:top;max-width:22vw"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Markup:
    """Return an HTML table of plain texts, for pages without a kernel."""
    head = Markup("").join(
        Markup('<th scope="col" style="{}">{}</th>').format(_CELL, name) for name in columns
    )
    body = Markup("").join(_row(row) for row in rows)
    title = Markup('<caption style="{}">{}</caption>').format(_CAPTION, caption) if caption else ""
    return Markup('<table style="{}">{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(
        _TABLE, title, head, body
    )


def _row(cells: Sequence[object]) -> Markup:
    filled = Markup("").join(Markup('<td style="{}">{}</td>').format(_CELL, str(cell)) for cell in cells)
    return Markup("<tr>{}</tr>").format(filled)
