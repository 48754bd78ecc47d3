"""The formats by name: which files each has, and who reads and writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from imageproc.datasets import coco, tables, voc, yolo
from imageproc.datasets.images import AnnotatedImage, Dataset
from imageproc.errors import DatasetError, InvalidArgumentError


@dataclass(frozen=True)
class Format:
    """A format: how it is written, and what it can say."""

    write: Callable[[Iterable[AnnotatedImage], Path], None]
    photos: str = "images"
    """The folder that photos go to."""
    boxes_only: bool = False
    """Whether labels without a box have no place."""


FORMATS = {
    "coco": Format(coco.write),
    "yolo": Format(yolo.write, yolo.IMAGES, boxes_only=True),
    "voc": Format(voc.write, voc.IMAGES, boxes_only=True),
    "csv": Format(tables.write_csv),
    "parquet": Format(tables.write_parquet),
}


def format_named(name: str) -> Format:
    """Return a format. Raises InvalidArgumentError for an unknown one."""
    if name not in FORMATS:
        raise InvalidArgumentError(f"There is no format {name!r}.", f"Give one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def read(path: Path) -> Dataset:
    """Read a data set: a folder or a file of one of the formats, which is found out by its files.

    Raises DatasetError if there is none, or if it is broken.
    """
    reader, file = _reader(path)
    try:
        found = reader(file)
    except (ValueError, KeyError, TypeError, OSError, SyntaxError) as error:
        cause = f"{error} is missing" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        raise DatasetError(
            f"{file} cannot be read as a data set: {cause}.",
            "Check that it is whole, and in one of the formats of `imageproc export`.",
        ) from error
    if not found.images:
        raise DatasetError(f"{file} names no photos.", "Give another folder or file.")
    return found


def _reader(path: Path) -> tuple[Callable[[Path], Dataset], Path]:
    by_suffix = {".json": coco.read, ".csv": tables.read_csv, ".parquet": tables.read_parquet}
    if path.is_file() and path.suffix.lower() in by_suffix:
        return by_suffix[path.suffix.lower()], path
    if (path / voc.ANNOTATIONS).is_dir():
        return voc.read, path
    if (path / yolo.LABELS).is_dir() and ((path / yolo.FILE).exists() or (path / yolo.CLASSES).exists()):
        return yolo.read, path
    for name, reader in ((tables.PARQUET_FILE, tables.read_parquet), (tables.CSV_FILE, tables.read_csv)):
        if (path / name).exists():
            return reader, path / name
    found = [*path.glob("*.json"), *path.glob("annotations/*.json")] if path.is_dir() else []
    files = [one for one in found if coco.looks_like_coco(one)]
    if len(files) == 1:
        return coco.read, files[0]
    if not path.exists():
        raise DatasetError(f"There is no {path}.", "Check the path.")
    several = f" It has {len(files)} of COCO's JSON files: name the one that is meant." if files else ""
    raise DatasetError(
        f"There is no data set in {path}.{several}" if path.is_dir() else f"{path} is no data set.",
        "Give a folder or a file in the format of COCO (*.json), YOLO (labels/, classes.txt or data.yaml), "
        "Pascal VOC (Annotations/), labels.csv or labels.parquet.",
    )
