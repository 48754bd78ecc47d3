"""The catalog: an index of the photos' records beside the workbench, to search them by.

It knows what `imageproc.core` and `imageproc.aws` know and nothing of the client. From below:

- `schema` and `rows`: the tables, and a record as a row of them;
- `journal`, `database`: the files, safe for many processes, as one database;
- `feed`, `filling`, `catalog`: what is read of DynamoDB, and how the catalog keeps in step;
- `conditions`, `arguments`, `fields`, `selection`: questions as SQL;
- `answers`, `export`: what comes of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imageproc.catalog.catalog import Catalog
    from imageproc.catalog.feed import Feed
    from imageproc.catalog.filling import FillProgress
    from imageproc.catalog.rows import Origin
    from imageproc.catalog.selection import Selection

__all__ = ["Catalog", "Feed", "FillProgress", "Origin", "Selection"]

_HOME = {
    "Catalog": "catalog",
    "Feed": "feed",
    "FillProgress": "filling",
    "Origin": "rows",
    "Selection": "selection",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: the shells' completion needs the fields alone."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"imageproc.catalog.{_HOME[name]}"), name)
