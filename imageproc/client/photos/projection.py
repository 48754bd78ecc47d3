"""A view's photos laid out in two dimensions by their embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from imageproc.catalog import projection
from imageproc.catalog.answers import pandas_module
from imageproc.catalog.similarity import embeddings
from imageproc.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from imageproc.client.photos.view import PhotoView

MOST_LAID_OUT = projection.MOST
"""Photos that can be laid out together."""


def find_projection(view: PhotoView, notify: Callable[[float], object]) -> pd.DataFrame:
    """Return where a view's photos lie. See `PhotoView.projection`."""
    import numpy as np

    pandas, catalog = pandas_module(), view.photos.catalog
    ids, rows = catalog.ask(embeddings, view.selection)
    if len(ids) > MOST_LAID_OUT:
        raise InvalidArgumentError(
            f"{len(ids):,} photos are too many to lay out.",
            f"Take {MOST_LAID_OUT:,} of them: view.sample({MOST_LAID_OUT}).",
        )
    # In the order of their IDs, so that the same photos lie the same however the view is sorted.
    order = np.argsort(np.array(ids, dtype=object))
    places = np.empty((len(ids), 2), np.float32)
    places[order] = projection.project(rows[order], catalog.folder, notify)
    found: pd.DataFrame = pandas.DataFrame(
        {"id": pandas.Series(ids, dtype="str"), "x": places[:, 0], "y": places[:, 1]}
    )
    return found
