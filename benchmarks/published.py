"""The figures that the pages give: docs/figures.json, which benchmarks write and the pages are filled from.

In a page, a comment behind a figure names it: `33 ms<!-- thumbnail: make_thumbnail, CPU a photo -->`.
The page chooses the unit and the decimals, the file has the value. A date before such a comment is the day
on which that figure was measured.

python -m benchmarks.published    fill the pages again, after they were edited
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, hardware

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "figures.json"
"""By section and name: value (the median of the rounds), unit, date and machine."""

_MARKED = re.compile(
    r"(?P<said>\d{1,2} [A-Z][a-z]+ \d{4}|(?P<number>-?\d[\d,]*(?:\.\d+)?)(?: (?P<unit>%|[A-Za-z]+(?:/s)?))?)"
    r"(?P<after>[*]*)<!-- (?P<section>\w+): (?P<name>.+?) -->"
)
_SIZES = {"ms": ("s", 1e-3), "s": ("s", 1), "min": ("s", 60)} | {
    unit: ("bytes", size) for unit, size in (("bytes", 1), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9))
}
"""Units that a page may choose among: what each measures, and how much of it."""

_DIGITS = 4
"""That are kept of a value."""

Published = dict[str, dict[str, dict[str, Any]]]


def publish(section: str, figures: Iterable[Figure], file: Path = FILE) -> None:
    """Write a section's figures into the file. Those that were not measured this time keep their date."""
    published = read(file)
    now = {"date": datetime.now(UTC).date().isoformat(), "machine": hardware()}
    for figure in figures:
        value = {"value": float(f"{figure.median:.{_DIGITS}g}"), "unit": figure.unit}
        published.setdefault(section, {})[figure.name] = value | now
    write(published, file)


def read(file: Path = FILE) -> Published:
    """Return all that is published."""
    published: Published = json.loads(file.read_text()) if file.exists() else {}
    return published


def write(published: Published, file: Path = FILE) -> None:
    """Write it, a line for each figure, so that a change shows what was measured anew."""
    sections = []
    for section, figures in sorted(published.items()):
        rows = ",\n".join(f"    {_json(name)}: {_json(figure)}" for name, figure in figures.items())
        sections.append(f"  {_json(section)}: {{\n{rows}\n  }}")
    file.write_text("{\n" + ",\n".join(sections) + "\n}\n")


def pages() -> list[Path]:
    """Return the pages that may have figures."""
    folders = ("explanation", "how-to", "reference", "tutorial")
    return [
        ROOT / "README.md",
        *(page for one in folders for page in sorted((ROOT / "docs" / one).glob("*.md"))),
    ]


def fill(text: str, published: Published) -> str:
    """Return a page with its figures as they were published.

    Raises KeyError if one of them was not, ValueError if it cannot be told in the page's unit.
    """
    return _MARKED.sub(lambda found: _filled(found, published), text)


def marked(text: str) -> list[tuple[str, str]]:
    """Return the sections and names of a page's figures."""
    return [(found["section"], found["name"]) for found in _MARKED.finditer(text)]


def _filled(found: re.Match[str], published: Published) -> str:
    try:
        figure = published[found["section"]][found["name"]]
    except KeyError:
        raise KeyError(f"docs/figures.json has no {found['section']}: {found['name']}") from None
    return found[0].replace(found["said"], _said(found, figure), 1)


def _said(found: re.Match[str], figure: Mapping[str, Any]) -> str:
    if found["number"] is None:
        day = date.fromisoformat(figure["date"])
        return f"{day.day} {day:%B %Y}"
    decimals = len(found["number"].partition(".")[2])
    value = f"{_converted(figure['value'], figure['unit'], found['unit']):,.{decimals}f}"
    return value + (f" {found['unit']}" if found["unit"] else "")


def _converted(value: float, unit: str, wanted: str | None) -> float:
    if wanted == unit or wanted not in _SIZES:
        return value
    (kind, size), (wanted_kind, wanted_size) = _SIZES.get(unit, ("", 1)), _SIZES[wanted]
    if kind != wanted_kind:
        raise ValueError(f"{value} {unit} cannot be told in {wanted}")
    return value * size / wanted_size


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def refresh() -> None:
    """Fill all pages."""
    published = read()
    for page in pages():
        text = page.read_text()
        if (filled := fill(text, published)) != text:
            page.write_text(filled)
            print(f"{page.relative_to(ROOT)}: filled")


if __name__ == "__main__":
    refresh()
