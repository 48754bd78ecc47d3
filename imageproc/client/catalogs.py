"""The catalog of a stack: where it lies, what its first fill costs, and removing it."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from imageproc.aws.translation import translated
from imageproc.catalog.feed import Feed
from imageproc.catalog.rows import Origin, Row
from imageproc.catalog.selection import Selection
from imageproc.client.stack import Stack
from imageproc.client.target import Target
from imageproc.costs import PRICES
from imageproc.errors import InvalidArgumentError
from imageproc.folders import cache_folder, state_folder

if TYPE_CHECKING:
    from imageproc.catalog.catalog import Catalog
    from imageproc.catalog.database import Database
    from imageproc.catalog.export import Exported
    from imageproc.catalog.filling import FillProgress

_S3_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]+[a-z0-9])(?:/(.*?))?/?")
_TOLD_EVERY_S = 1.0
_WORTH_TELLING = 2000
"""Records from which on a first fill is long enough to be told of."""


P = ParamSpec("P")
T = TypeVar("T")


class StackCatalog:
    """The catalog of a stack's photos: made when it is asked first, and kept in step with the table."""

    def __init__(self, stack: Stack) -> None:
        """Index this stack's photos; nothing is read yet."""
        self.notify: Callable[[FillProgress], object] = _Teller(stack.target)
        """Is told how far a first fill is. By default it is written to standard error."""
        self._stack = stack
        self._outputs: object = None
        self._catalog: Catalog | None = None
        self._was_made = False

    def database(self, max_age_s: float | None = None) -> Database:
        """Return what can be asked, at most so many seconds behind the table, by default half of one.

        Raises CatalogError, AwsError.
        """
        return self._current.database(max_age_s)

    def ask(self, question: Callable[Concatenate[Database, P], T], *given: P.args, **more: P.kwargs) -> T:
        """Return a question's answer from what is fresh.

        Raises CatalogError, AwsError, and as the question.
        """
        return self._current.ask(question, *given, **more)

    def rows(self, selection: Selection) -> Iterator[Row]:
        """Yield a selection's rows from what is fresh. Raises CatalogError, AwsError, QueryError."""
        return self._current.rows(selection)

    def known_count(self, selection: Selection) -> int | None:
        """Return how many photos these were when the catalog was asked last; None if that takes long to tell.

        Neither AWS is asked nor anything filled. Raises nothing.
        """
        from imageproc.catalog import answers  # DuckDB: not before somebody asks

        database = self._catalog and self._catalog.asked_last
        return answers.quick_count(database, selection) if database else None

    def sync(self) -> None:
        """Read now what has changed; the first time, everything. Raises CatalogError, AwsError."""
        self.database(0)

    def outdate(self) -> None:
        """Have the next question answered from what is read after this moment: something has changed."""
        if self._catalog:
            self._catalog.outdate()

    def unsynced(self) -> AbstractContextManager[None]:
        """Have this thread's questions answered from what is here, however old it is. Raises AwsError."""
        return self._current.unsynced()

    @property
    def version(self) -> tuple[str, int]:
        """What is here of the table, without asking it: another one after each change. Raises AwsError."""
        known = self.database(float("inf"))
        return known.base.name, known.seq

    def erase(self) -> None:
        """Catch up, and leave no byte here of what was erased from the table.

        Raises CatalogError, AwsError.
        """
        self._current.erase()

    def note_album(self, album_id: str, name: str, user: str) -> None:
        """Call an album by its new name here at once; elsewhere that is read within the hour."""
        if self.is_made:
            self._current.note_albums({album_id: (name, user)})

    @contextmanager
    def unlocked(self) -> Iterator[Database]:
        """Yield a database of the caller's own that may write files. Raises CatalogError, AwsError."""
        self.database()
        with self._current.unlocked() as (database, _):
            yield database

    def export(self, url: str) -> Exported:
        """Write the catalog as Parquet to S3, below `s3://bucket/folder`, for Athena to read.

        Each export is a folder of its own, named by its time. It is a copy: erasing a photo does not erase it
        there. Raises InvalidArgumentError for another kind of address, CatalogError, AwsError.
        """
        from imageproc.catalog.export import Exported, statements, write_tables

        match = _S3_URL.fullmatch(url)
        if not match:
            raise InvalidArgumentError(f"{url!r} is not an address in S3.", "Give s3://bucket/folder.")
        bucket, folder = match[1], "/".join(filter(None, (match[2], f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")))
        s3, location = self._stack.client("s3"), f"s3://{bucket}/{folder}"
        with self.unlocked() as database, TemporaryDirectory(dir=self.folder) as scratch:
            files = write_tables(database, Path(scratch))
            with translated(f"Writing {location}"):
                for path in files:
                    s3.upload_file(str(path), bucket, f"{folder}/{path.parent.name}/{path.name}")
            size = sum(path.stat().st_size for path in files)
        return Exported(location, size, statements(location))

    def remove(self) -> None:
        """Remove the files. The catalog is made anew when it is asked again."""
        self._current.remove()

    @property
    def folder(self) -> Path:
        """Where the files are, readable by their owner only."""
        return self._current.folder

    @property
    def is_made(self) -> bool:
        """Whether there is anything in it."""
        return self.folder.exists()

    @property
    def origin(self) -> Origin:
        """What the stack's photos have in common."""
        return Origin(self._stack.bucket, self._stack.state_machine_arn)

    @property
    def _current(self) -> Catalog:
        """Return the catalog of the stack as it is deployed now."""
        from imageproc.catalog.catalog import Catalog  # DuckDB: not before somebody asks

        if self._was_made and not (self._catalog and self._catalog.folder.exists()):
            self._stack.forget_outputs()  # it went with its stack, and there may be another one now
        if self._catalog is None or self._outputs is not self._stack.outputs:
            stack = self._stack
            feed = Feed(stack.client("dynamodb"), stack.image_table, stack.album_table)
            digest = hashlib.sha256(feed.table().identity.encode()).hexdigest()[:16]
            folder = catalogs_folder(stack.target) / f"{stack.name}-{digest}"
            self._catalog = Catalog(folder, feed, self.origin, lambda progress: self.notify(progress))
            self._outputs = stack.outputs
        self._was_made = self._catalog.folder.exists()
        return self._catalog

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<The catalog of {self._stack!r}>"


def catalogs_folder(target: Target) -> Path:
    """Return the folder of a target's catalogs: in the local AWS's state directory, or the user's cache."""
    if target.is_local:
        return (target.state_dir or state_folder()) / "catalog"
    return cache_folder() / "catalog" / f"{target.account}-{target.region}"


def remove_catalogs(target: Target, stack_name: str) -> None:
    """Remove what was known here of all stacks of this name."""
    folder = catalogs_folder(target)
    for path in folder.glob("*") if folder.exists() else ():
        if re.fullmatch(f"{re.escape(stack_name)}-[0-9a-f]{{16}}", path.name):
            shutil.rmtree(path, ignore_errors=True)


class _Teller:
    """Writes on standard error how far a first fill is, and before it what it costs."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._told: float | None = None

    def __call__(self, progress: FillProgress) -> None:
        if max(progress.records, progress.expected) < _WORTH_TELLING:
            return
        if self._told is None:
            self._write(f"{cost_of(progress, self._target)}\n")
        if self._told is None or time.monotonic() - self._told > _TOLD_EVERY_S or progress.done:
            self._told = time.monotonic()
            self._write(f"\r{progress}{chr(10) if progress.done else ''}")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def cost_of(progress: FillProgress, target: Target) -> str:
    """Return what a first fill costs, as a sentence."""
    if target.is_local:
        return "The catalog is filled once; on the local AWS that costs nothing."
    dollars = progress.read_units * PRICES["read"].each
    return f"The catalog is filled once: AWS charges about {dollars:.2f} USD for reading the table."
