"""A catalog: kept in step with the table, and asked."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock, RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

import duckdb

from imageproc.catalog import answers
from imageproc.catalog.damage import says_damaged
from imageproc.catalog.database import Database
from imageproc.catalog.feed import FRESH_S, PAGE, Feed, Keys, uncollected
from imageproc.catalog.filling import Filled, FillProgress, change_of, collecting, fill
from imageproc.catalog.folder import age, make_folder, note_age, remove_other_bases
from imageproc.catalog.journal import Journal, Journaled, JournalState
from imageproc.catalog.projection import FOLDER as PROJECTIONS
from imageproc.catalog.rows import Origin, Row
from imageproc.catalog.selection import Selection
from imageproc.core.changes import FORGOTTEN, TOMBSTONE_DAYS, shards, tombstone_id
from imageproc.errors import CatalogError

LOOK_BACK_S = 10.0
"""How far before the last change changes are read again: the index shows a write a moment after it."""

DEEP_LOOK_BACK_S = 600.0
"""The same, once in DEEP_EVERY_S: for writers whose clock is slow. AWS refuses requests whose clock is more
than five minutes wrong:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""

DEEP_EVERY_S = 60.0
MERGE_AFTER = 5_000
"""Changes after which a small base is written anew; a large one after a twentieth of its records."""

_ONE_FILL = Lock()
"""DuckDB's locks keep other processes out of a file, but not other threads of this one."""

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S
_WAIT_S = 0.2
_TRIES = 5
"""A base that is gone was just replaced by another process: then the next one is looked for."""

_ERRORS = (sqlite3.DatabaseError, duckdb.Error)

_MAX_AGE_S: ContextVar[float] = ContextVar("max_age_s", default=FRESH_S)

P = ParamSpec("P")
T = TypeVar("T")


class Catalog:
    """The catalog in a folder. Threads may share it, and so may processes the folder."""

    def __init__(
        self,
        folder: Path,
        feed: Feed,
        origin: Origin,
        notify: Callable[[FillProgress], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use this folder, which is made when it is needed. `notify` is told how far a first fill is."""
        self.folder, self.notify = folder, notify
        self._feed, self._origin, self._clock = feed, origin, clock
        self._journal = Journal(folder / "journal.sqlite")
        self._database: Database | None = None
        self._filled = ""
        self._seen: dict[str, int] = {}
        self._deep = 0.0
        self._outdated = 0.0
        self._catching_up = RLock()
        """Held while the table is read, which may take long: whoever wants what is here does not wait."""
        self._removals = 0
        """How often it was removed: what fails in one thread while another removes it can be done again."""
        self._lock = RLock()
        """Held while the database is brought up to the journal."""

    def database(self, max_age_s: float | None = None) -> Database:
        """Return what can be asked, at most so many seconds behind the table, by default FRESH_S.

        A file that is broken or of another version is made anew. Raises CatalogError, AwsError.
        """
        max_age_s = _MAX_AGE_S.get() if max_age_s is None else max_age_s
        removals = self._removals
        try:
            return self._current(max_age_s)
        except (*_ERRORS, OSError, CatalogError) as error:
            self._refuse_unless_damaged(error, removals)
        with self._catching_up:
            try:
                return self._current(max_age_s)  # another thread may have made it anew
            except _ERRORS as error:
                self._remove_if_damaged(error)
            try:
                return self._current(max_age_s)
            except _ERRORS as error:
                raise self._unusable(error) from error

    @property
    def asked_last(self) -> Database | None:
        """What was asked last, without a look whether it is up to date; None if nothing was asked yet."""
        return self._database

    def ask(self, question: Callable[Concatenate[Database, P], T], *given: P.args, **more: P.kwargs) -> T:
        """Return a question's answer; if the file turns out to be damaged, by one that is made anew.

        Raises as `database` does, and as the question.
        """
        removals = self._removals
        try:
            return question(self.database(), *given, **more)
        except duckdb.Error as error:
            self._remove_if_damaged(error, removals)
            return question(self.database(), *given, **more)

    def rows(self, selection: Selection) -> Iterator[Row]:
        """Yield a selection's rows. Raises CatalogError if the file turns out to be damaged."""
        try:
            yield from answers.rows(self.database(), selection)
        except duckdb.Error as error:
            self._remove_if_damaged(error)
            raise CatalogError(f"The catalog was damaged: {error}.", "It is made anew: ask again.") from error

    @staticmethod
    @contextmanager
    def unsynced() -> Iterator[None]:
        """Have this thread's questions answered from what is here, however old it is."""
        token = _MAX_AGE_S.set(float("inf"))
        try:
            yield
        finally:
            _MAX_AGE_S.reset(token)

    def outdate(self) -> None:
        """Have the next question answered from what is read after this moment: something has changed."""
        self._outdated = self._clock()

    def erase(self) -> None:
        """Catch up, and leave no byte here of what was erased from the table."""
        with self._catching_up:
            if self.database(0) and self._state().erased:
                self._merge()
                self.database()

    def note_albums(self, albums: Mapping[str, tuple[str, str]]) -> None:
        """Remember the names and users of albums, by ID. Raises CatalogError."""
        try:
            with self._journal.writing() as journal:
                journal.add_albums(albums)
        except _ERRORS as error:
            self._remove_if_damaged(error)

    def remove(self) -> None:
        """Remove the catalog. It is made anew when it is asked again."""
        with self._catching_up, self._lock, self._journal.closed():
            if self._database:
                self._database.close()
            self._database, self._seen, self._deep = None, {}, 0.0
            shutil.rmtree(self.folder, ignore_errors=True)
            self._removals += 1

    def _current(self, max_age_s: float) -> Database:
        make_folder(self.folder)
        if self._lacks_base():
            with self._catching_up:
                if self._lacks_base():
                    self._fill()
        if self._is_behind(max_age_s):
            with self._catching_up:
                if self._is_behind(max_age_s):
                    self._follow()
        return self._refreshed()

    def _is_behind(self, max_age_s: float) -> bool:
        known_s = self._clock() - self._outdated  # how long a change has been known, by this process
        return max_age_s < float("inf") and age(self.folder, self._clock) >= min(max_age_s, known_s)

    def _lacks_base(self) -> bool:
        state = self._state()
        return not state.base or self._is_outdated(state)

    def _is_outdated(self, state: JournalState) -> bool:
        """Whether tombstones may have expired that were never seen, or the base is gone."""
        known = self._clock() - state.followed < (TOMBSTONE_DAYS - 1) * _DAY_S
        return not known or not (self.folder / state.base).exists()

    def _fill(self) -> None:
        """Make the first base, or wait for another process or thread that does."""
        before = self._state().base
        with _ONE_FILL:
            while self._state().base == before:
                try:
                    with collecting(self.folder) as connection:
                        if self._state().base == before:
                            self._use(fill(connection, self.folder, self._feed, self._origin, self.notify))
                except duckdb.IOException as error:
                    if "lock" not in str(error):
                        raise
                    time.sleep(_WAIT_S)

    def _use(self, made: Filled) -> None:
        """Begin with a base that was just filled. Changes since reading began are read again."""
        with self._journal.writing() as journal:
            journal.set_base(made.base.name, journal.last(), made.last)
            positions = dict.fromkeys(shards(), int(made.began * 1000))
            journal.set_state(positions=positions, filled=made.base.name, followed=made.began, erased=0)
            journal.add_albums(self._feed.albums(made.albums))
        remove_other_bases(self.folder, self._state().base, self._clock)

    def _follow(self) -> None:
        """Read what changed, and write it down."""
        state = self._state()
        if state.filled != self._filled:
            self._filled, self._seen, self._deep = state.filled, {}, 0.0
        began, deep = self._clock(), self._clock() - self._deep > DEEP_EVERY_S
        back = int(1000 * (DEEP_LOOK_BACK_S if deep else LOOK_BACK_S))
        since = {shard: time - back for shard, time in state.positions.items()}
        latest, unseen = 0.0, list[Keys]()
        for keys in self._feed.changes(since):
            latest = max(latest, keys.now)
            unseen.append(keys.without(self._seen))
            if sum(len(each.changes) for each in unseen) >= PAGE:
                self._note(unseen)
                unseen = []
        self._note(unseen)
        if latest - state.followed > _HOUR_S:
            with self._journal.writing() as journal:
                journal.add_albums(self._feed.albums(sorted(journal.albums())))
                journal.set_state(followed=latest)
        if deep:
            self._deep = began
            oldest = min(since.values(), default=0)
            self._seen = {key: time for key, time in self._seen.items() if time >= oldest}
        note_age(self.folder, began)
        self._merge_if_due()

    def _note(self, pages: list[Keys]) -> None:
        """Read the photos that changed, alone, so that a later state never meets an earlier one."""
        if not any(page.changes for page in pages):
            return
        with uncollected(), self._journal.writing() as journal:
            wanted, known = self._wanted(pages)
            found = self._feed.records(wanted)
            gone = [key for key in wanted if key not in found and key in known]
            self._add_albums(journal, found)
            journal.add(
                [
                    *(change_of(one, self._origin) for one in found.values()),
                    *((key, None, None, None) for key in gone),
                ]
            )
            positions = dict(journal.state().positions)
            for page in pages:
                newest = min(page.changes[-1][1], int(page.now * 1000)) if page.changes else 0
                positions[page.shard] = max(positions.get(page.shard, 0), newest)
            journal.set_state(positions=positions, **({"erased": self._clock()} if gone else {}))
        self._seen |= {key: time for page in pages for key, time in page.changes}

    def _wanted(self, pages: list[Keys]) -> tuple[list[str], dict[str, int]]:
        """Return the photos to be read, and the times of the changes of those that are here."""
        database = self._refreshed()
        changed = {key: time for page in pages if page.shard != FORGOTTEN for key, time in page.changes}
        # Also what the index still shows as it was, a moment after it was erased.
        changed |= self._ids_of_tombstones(database, pages)
        asked = "SELECT id, change_time FROM records WHERE id IN (SELECT unnest(?))"
        known = dict(database.rows(asked, [list(changed)]))
        return [key for key, time in changed.items() if known.get(key) != time or not time], known

    def _ids_of_tombstones(self, database: Database, pages: list[Keys]) -> dict[str, int]:
        """Return the photos that were erased and are still here, each with the time 0: to be looked at."""
        hashes = {key for page in pages if page.shard == FORGOTTEN for key, _ in page.changes}
        if not hashes:
            return {}
        asked = "SELECT id FROM records WHERE sha256(id) || '/' IN (SELECT unnest(?))"
        found = database.rows(asked, [list(hashes)])
        return {row[0]: 0 for row in found if tombstone_id(row[0]) in hashes}

    def _add_albums(self, journal: Journaled, found: Mapping[str, Mapping[str, Any]]) -> None:
        named = {str(one["albumID"]) for one in found.values() if one.get("albumID")}
        if unknown := named - set(journal.albums()):
            journal.add_albums(self._feed.albums(sorted(unknown)))

    def _refreshed(self) -> Database:
        """Return the database with all that the journal has."""
        with self._lock:
            return self._opened_last()

    def _opened_last(self) -> Database:
        for _ in range(_TRIES):
            with self._journal.reading() as journal:
                base = self.folder / journal.state().base
                seq = self._database.seq if self._database and self._database.base == base else 0
                changes, last, albums = journal.changes(seq), journal.last(), journal.albums()
            if self._database is None or self._database.base != base:
                try:
                    self._database = Database(base)
                except duckdb.IOException:
                    if base.exists():
                        raise
                    continue  # another process has just written the next one
            if last > self._database.seq:
                self._database.apply(changes, last)
            if albums != self._database.albums:
                self._database.set_albums(albums)
            return self._database
        raise self._restless()

    def _merge_if_due(self) -> None:
        with self._journal.reading() as journal:
            changes, erased = journal.count(), journal.state().erased
        quiet = erased and self._clock() - erased > LOOK_BACK_S
        if changes > MERGE_AFTER or quiet:
            (records,) = self._refreshed().rows("SELECT count(*) FROM base.records")[0]
            if quiet or changes > records / 20:
                self._merge()

    def _merge(self) -> None:
        """Write another base with all changes in it, and none of what was erased."""
        with self.unlocked() as (database, before):
            made, last = database.write_base()
            used = {row[0] for row in database.rows("SELECT DISTINCT album_id FROM records")}
            gone = [album for (album,) in database.rows("SELECT id FROM albums") if album not in used]
        with self._journal.writing() as journal:
            state = journal.state()
            if state.base == before.base:  # otherwise another process was faster
                journal.set_base(made.name, database.seq, last)
                journal.forget_albums(gone)
                journal.set_state(erased=0 if state.erased == before.erased else state.erased)
                (self.folder / before.base).unlink(missing_ok=True)
        if before.erased:
            shutil.rmtree(self.folder / PROJECTIONS, ignore_errors=True)
        remove_other_bases(self.folder, self._state().base, self._clock)

    @contextmanager
    def unlocked(self) -> Iterator[tuple[Database, JournalState]]:
        """Yield a database of the caller's own that may write files, and the state that it shows."""
        with self._lock:
            database, state = self._opened()
        try:
            yield database, state
        finally:
            database.close()

    def _opened(self) -> tuple[Database, JournalState]:
        for _ in range(_TRIES):
            with self._journal.reading() as journal:
                state, last, changes = journal.state(), journal.last(), journal.changes()
                albums = journal.albums()
            try:
                database = Database(self.folder / state.base, locked=False)
            except duckdb.IOException:
                if (self.folder / state.base).exists():
                    raise
            else:
                database.apply(changes, last)
                database.set_albums(albums)
                return database, state
        raise self._restless()

    def _remove_if_damaged(self, error: Exception, removals: int | None = None) -> None:
        """Remove the files if an error says that they are damaged. Raises as `_refuse_unless_damaged`."""
        with self._catching_up:
            self._refuse_unless_damaged(error, removals)
            if removals in (None, self._removals):
                self.remove()

    def _refuse_unless_damaged(self, error: Exception, removals: int | None = None) -> None:
        """Raise CatalogError unless the files are damaged, or were removed since there were so many removals.

        Waits for a thread that is removing them.
        """
        if says_damaged(error):
            return
        with self._catching_up:
            if removals not in (None, self._removals):
                return
        if isinstance(error, CatalogError):
            raise error
        raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> CatalogError:
        return CatalogError(
            f"The catalog in {self.folder} cannot be used: {error}.", "Try again in a minute."
        )

    def _restless(self) -> CatalogError:
        return CatalogError(f"The catalog in {self.folder} is being written again and again.", "Try again.")

    def _state(self) -> JournalState:
        with self._journal.reading() as journal:
            return journal.state()
