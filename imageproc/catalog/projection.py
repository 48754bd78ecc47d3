"""Embeddings laid out in two dimensions, so that photos of like things lie near each other.

By t-SNE (openTSNE) on the 50 principal components of the embeddings, scaled to the same length, so that it is
their cosines that count. Only who is near to whom says something: neither the axes do, nor how far two groups
are from each other. The same embeddings give the same layout, and one that was made is kept in a file, which
holds nothing but numbers: it is named by a hash of the embeddings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from imageproc.errors import ResourcesMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "projections"
"""Beside a catalog's files, with which it is removed."""

MOST = 20_000
"""Photos of a layout at most: their embeddings take 100 MB as numbers that can be multiplied."""

_GROUPING, _ARRANGING = 250, 500
"""Iterations of t-SNE in which groups form, and in which they are arranged."""
_TOLD_EVERY = 25
_COMPONENTS = 50
_PERPLEXITY = 30
"""About how many neighbours of each photo count. Each needs three others (L. van der Maaten's advice)."""
_FEW = 10
"""Photos up to which their two principal components do: there are no neighbourhoods yet."""
_SEED = 0
_KEPT = 8
"""Layouts that are kept, those that were used last."""
_RECIPE = b"1"
"""Raised whenever the same embeddings would be laid out differently."""


def project(
    embeddings: NDArray[np.uint8], folder: Path, told: Callable[[float], object] = lambda _: None
) -> NDArray[np.float32]:
    """Return x and y of each row, from -1 to 1, made anew or as they were kept beside a catalog.

    `told` gets the share that is done, from 0 to 1; what it raises ends the work. Raises
    ResourcesMissingError without openTSNE.
    """
    digest = hashlib.sha256(_RECIPE + embeddings.tobytes()).hexdigest()[:32]
    path = folder / FOLDER / f"{digest}.npy"
    kept = _read(path, len(embeddings))
    if kept is not None:
        return kept
    made = _fitted(_layout(embeddings, told))
    if len(embeddings) > _FEW:
        _keep(path, made)
    return made


def _layout(embeddings: NDArray[np.uint8], told: Callable[[float], object]) -> NDArray[np.floating]:
    """Return x and y of each row, to no scale."""
    import numpy as np

    count = len(embeddings)
    if count < 2 or (embeddings == embeddings[0]).all():
        return np.zeros((count, 2))
    try:
        from openTSNE import TSNE  # with scikit-learn, which it needs
    except ImportError as error:
        raise ResourcesMissingError(
            "The map of embeddings needs openTSNE, which is not installed.",
            "Install it with: pip install opentsne. On Linux on ARM that takes a C++ compiler.",
        ) from error
    if count <= _FEW:
        return _components(embeddings, 2)
    tsne = TSNE(
        perplexity=min(_PERPLEXITY, (count - 1) / 3),
        early_exaggeration_iter=_GROUPING,
        n_iter=_ARRANGING,
        neighbors="exact",
        initialization="pca",
        random_state=_SEED,
        n_jobs=max(1, (os.cpu_count() or 1) // 2),
        callbacks=_Progress(told),
        callbacks_every_iters=_TOLD_EVERY,
    )
    return np.asarray(tsne.fit(_components(embeddings, _COMPONENTS)))


class _Progress:
    """Counts the iterations of both phases."""

    def __init__(self, told: Callable[[float], object]) -> None:
        self._told, self._done = told, 0

    def __call__(self, *_: Any) -> None:
        self._done += _TOLD_EVERY
        self._told(self._done / (_GROUPING + _ARRANGING))


def _components(embeddings: NDArray[np.uint8], most: int) -> NDArray[np.float32]:
    """Return the principal components of embeddings of the same length, at most so many."""
    import numpy as np
    from sklearn.decomposition import PCA

    rows = embeddings.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
    found = PCA(min(most, *rows.shape), svd_solver="randomized", random_state=_SEED).fit_transform(rows)
    return cast("NDArray[np.float32]", found)


def _fitted(layout: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a layout between -1 and 1, as high and as wide as it is: only its larger side is filled."""
    import numpy as np

    if not len(layout):
        return np.empty((0, 2), np.float32)
    low, high = layout.min(axis=0), layout.max(axis=0)
    half = float((high - low).max()) / 2 or 1.0
    return cast("NDArray[np.float32]", ((layout - (low + high) / 2) / half).astype(np.float32))


def _read(path: Path, count: int) -> NDArray[np.float32] | None:
    """Return a layout that was kept; None if there is none that can be used."""
    import numpy as np

    try:
        found = np.load(path, allow_pickle=False)
        path.touch()
    except (OSError, ValueError, EOFError):
        return None
    usable = found.dtype == np.float32 and found.shape == (count, 2) and bool(np.isfinite(found).all())
    return cast("NDArray[np.float32]", found) if usable else None


def _keep(path: Path, layout: NDArray[np.float32]) -> None:
    """Write a layout where there is room, and remove those that were not used for longest."""
    import numpy as np

    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with temporary.open("wb") as file:
            np.save(file, layout)
        temporary.replace(path)
        for old in sorted(path.parent.glob("*.npy"), key=lambda one: -one.stat().st_mtime)[_KEPT:]:
            old.unlink()
