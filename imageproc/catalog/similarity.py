"""Which of many embeddings are most like one: every one is looked at, some at a time.

An embedding is 1,280 numbers from 0 to 255; two are as alike as the cosine between them says, 1 for the same.
The numbers stay bytes. They become numbers that can be multiplied a block at a time, small enough for a
processor's cache: 100,000 take 35 ms of CPU, and no memory beside their own 128 MB.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, cast

from imageproc.core.record import EMBEDDING_BYTES
from imageproc.errors import ResourcesMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imageproc.catalog.database import Database
    from imageproc.catalog.selection import Selection

_ROWS = 128
"""Embeddings of one block."""


class Vectors(NamedTuple):
    """All embeddings of a catalog."""

    photos: NDArray[np.int32]
    """The catalog's numbers of the photos."""
    numbers: NDArray[np.uint8]
    """A row for each photo."""
    lengths: NDArray[np.float32]
    """Of the rows, Euclidean."""


def embedding_of(database: Database, photo_id: str) -> bytes | None:
    """Return a photo's embedding, None if it has none."""
    found = database.rows(
        "SELECT embedding FROM vectors WHERE photo IN (SELECT photo FROM records WHERE id = ?)", [photo_id]
    )
    return found[0][0] if found else None


def has_embeddings(database: Database) -> bool:
    """Whether any photo has one."""
    return bool(database.rows("SELECT 1 FROM vectors LIMIT 1"))


def alike(
    database: Database, selection: Selection, embedding: bytes, count: int, least: float
) -> list[tuple[str, float]]:
    """Return the IDs of the photos whose embeddings are most like one, with the cosine: `least` or more.

    Raises ResourcesMissingError without NumPy.
    """
    _require_numpy()
    import numpy as np

    vectors = database.kept("vectors", _read)
    cosines = _cosines(vectors, embedding)
    wanted = np.isin(vectors.photos, _numbers(database, selection), kind="table")
    found = np.flatnonzero((cosines >= least) & wanted)
    if len(found) > count:
        found = found[np.argpartition(-cosines[found], count)[:count]]
    best = found[np.argsort(-cosines[found], kind="stable")]
    ids = dict(
        database.rows(
            "SELECT photo, id FROM records WHERE photo IN (SELECT unnest(?))", [vectors.photos[best].tolist()]
        )
    )
    rows = ((int(vectors.photos[row]), float(cosines[row])) for row in best)
    return [(ids[photo], min(cosine, 1.0)) for photo, cosine in rows if photo in ids]


def embeddings(database: Database, selection: Selection) -> tuple[list[str], NDArray[np.uint8]]:
    """Return the IDs of a selection's photos that have embeddings, in order, and these, a row for each.

    Raises ResourcesMissingError without NumPy.
    """
    _require_numpy()
    vectors = database.kept("vectors", _read)
    row_of = {photo: row for row, photo in enumerate(vectors.photos.tolist())}
    wanted = database.rows(selection.sql("id, photo", database.names))
    found = [(photo_id, row_of[photo]) for photo_id, photo in wanted if photo in row_of]
    return [photo_id for photo_id, _ in found], vectors.numbers[[row for _, row in found]]


def _numbers(database: Database, selection: Selection) -> NDArray[np.int32]:
    """Return the catalog's numbers of a selection's photos."""
    condition = selection.as_condition().sql(database.names)
    with database.cursor() as cursor:
        found = cursor.execute(f"SELECT photo FROM records WHERE {condition}").fetchnumpy()
    return cast("NDArray[np.int32]", found["photo"])


def _read(database: Database) -> Vectors:
    """Read all embeddings: of 100,000 in half a second."""
    import numpy as np

    with database.cursor() as cursor:
        photos = cursor.execute("SELECT photo, embedding FROM vectors").fetchnumpy()
    numbers = np.frombuffer(b"".join(photos["embedding"]), np.uint8).reshape(-1, EMBEDDING_BYTES)
    lengths = np.empty(len(numbers), np.float32)
    for start in range(0, len(numbers), _ROWS):
        rows = numbers[start : start + _ROWS].astype(np.float32)
        lengths[start : start + _ROWS] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return Vectors(cast("NDArray[np.int32]", photos["photo"]), numbers, np.maximum(lengths, 1))


def _cosines(vectors: Vectors, embedding: bytes) -> NDArray[np.float32]:
    import numpy as np

    one = np.frombuffer(embedding, np.uint8).astype(np.float32)
    products = np.empty(len(vectors.numbers), np.float32)
    block = np.empty((_ROWS, EMBEDDING_BYTES), np.float32)
    for start in range(0, len(products), _ROWS):
        rows = vectors.numbers[start : start + _ROWS]
        np.copyto(block[: len(rows)], rows)
        np.dot(block[: len(rows)], one, out=products[start : start + len(rows)])
    return cast("NDArray[np.float32]", products / vectors.lengths / max(float(np.linalg.norm(one)), 1.0))


def _require_numpy() -> None:
    if find_spec("numpy") is None:
        raise ResourcesMissingError(
            "Comparing embeddings takes NumPy, which is not installed.",
            "Install it with: pip install 'imageproc[workbench]'. Similar photos are also found by='hash'.",
        )
