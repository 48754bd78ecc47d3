"""The state directory: where one local AWS keeps everything that it keeps.

::

    <state directory>/            0700
    ├── README.txt                says what this is; marks the directory as ours, so that reset may empty it
    ├── state.json                0600: process, port and start time of the running (or last) server
    ├── credentials.json          0600: the access key that the local AWS accepts
    ├── start.lock, server.lock   held while starting; held by the server for as long as it lives
    ├── serving                   there while a server runs, and left behind by one that was killed
    ├── unclean                   the last stop was not clean, and what it cut off was not started again yet
    ├── server.log, server.log.1
    ├── access.jsonl              who asked for what (only with IMAGEPROC_RECORD_ACCESS=on)
    ├── faults.json               faults that are injected (only with IMAGEPROC_FAULTS=on)
    ├── faults.used               which of them no photo can get any more
    ├── requests.jsonl            what functions asked for (only with IMAGEPROC_FAULTS=on)
    ├── services/                 tables, stacks, functions, executions (JSON; items of tables in SQLite)
    ├── objects/                  the photos (by MiniStack)
    ├── catalog/                  the workbench's indexes of the photos' records
    └── tmp/                      unpacked function code and layers; emptied at each start

There is one state directory for each user, whatever the current directory, so that notebooks and terminals
opened anywhere find the same local AWS.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.errors import LocalAwsError, StateDirectoryError
from imageproc.folders import state_folder

try:
    import fcntl
except ImportError as error:  # pragma: no cover - Windows
    raise LocalAwsError(
        "The local AWS needs Linux or macOS. On Windows use the Windows Subsystem for Linux (wsl --install)."
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

_README = """\
The local AWS of imageproc keeps its state here: photos, tables, stacks and its access key.
`imageproc local status` says whether it runs; `imageproc local reset` stops it and deletes all of this.
"""
_OWN_NAMES = (
    "state.json",
    "serving",
    "unclean",
    "credentials.json",
    "server.log",
    "server.log.1",
    "access.jsonl",
    "faults.json",
    "faults.used",
    "requests.jsonl",
    "services",
    "objects",
    "catalog",
    "tmp",
)
_STAYING_NAMES = ("README.txt", "start.lock", "server.lock")


@dataclass(frozen=True)
class Credentials:
    """The access key of the local AWS: random, and good for nothing else."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class ServerRecord:
    """What `state.json` says. `started` is in epoch seconds, `why_not` why there is no recognition.

    `faults` says whether faults can be injected.
    """

    pid: int
    port: int
    started: float
    recognition: bool
    why_not: str = ""
    faults: bool = False

    @property
    def endpoint(self) -> str:
        """The URL of the local AWS."""
        return f"http://127.0.0.1:{self.port}"


def default_state_dir() -> Path:
    """Return the user's: see `imageproc.folders`."""
    return state_folder()


class StateDir:
    """One state directory: its files, its locks, who may read them."""

    def __init__(self, path: Path) -> None:
        """Name the directory; nothing is made yet."""
        self.path = path
        self.log = path / "server.log"
        self.access = path / "access.jsonl"
        self.faults = path / "faults.json"
        self.requests = path / "requests.jsonl"
        self.services = path / "services"
        self.objects = path / "objects"
        self.tmp = path / "tmp"
        self._marker = path / "README.txt"
        self._serving = path / "serving"
        self._unclean = path / "unclean"

    def create(self) -> None:
        """Make the directory, readable by its owner only.

        Raises:
            StateDirectoryError: there is something else in it, or it cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_owner()
            ours = self.is_ours()
            # Our own names do not count: another process may be making the same directory just now.
            if not ours and {path.name for path in self.path.iterdir()} - {*_OWN_NAMES, *_STAYING_NAMES}:
                raise StateDirectoryError(
                    f"{self.path} holds something other than a local AWS. Set IMAGEPROC_STATE_DIR to a "
                    "directory that is empty or does not exist yet."
                )
            self.path.chmod(0o700)
            self._check_owner()  # again: until now others may have been able to put something in
            if not ours:
                self._marker.write_text(_README)
        except OSError as error:
            raise self._unusable(error) from error

    def _check_owner(self) -> None:
        """Raise StateDirectoryError if the directory or anything in it is another user's.

        In a folder that all may write to, such as /tmp, somebody may have made it first: with a link in it
        that would be written through, or with a local AWS that takes the photos.
        """
        owners = {self.path: self.path.stat().st_uid}
        for path in self.path.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process may just be writing
                owners[path] = path.lstat().st_uid
        for path, owner in owners.items():
            if owner != os.getuid():
                raise StateDirectoryError(
                    f"{path} belongs to another user. Set IMAGEPROC_STATE_DIR to a directory of yours, or to "
                    "one that does not exist yet."
                )

    def is_ours(self) -> bool:
        """Say whether this is the state directory of a local AWS: only then may anything in it be deleted."""
        try:
            return self._marker.read_text(errors="replace") == _README
        except FileNotFoundError:
            return False
        except (NotADirectoryError, PermissionError) as error:
            raise self._unusable(error) from error

    def delete_contents(self) -> None:
        """Delete what the local AWS wrote. Locks stay: another process may be waiting for them."""
        for name in _OWN_NAMES:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def credentials(self) -> Credentials:
        """Return the access key; make one the first time."""
        path = self.path / "credentials.json"
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
            return Credentials(**json.loads(path.read_text()))
        # It looks like an AWS key, but has no prefix of theirs: nobody should take it for a real one.
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        made = Credentials(
            access_key_id="LOCAL" + "".join(secrets.choice(alphabet) for _ in range(15)),
            secret_access_key=secrets.token_urlsafe(30),
        )
        _write_private(path, asdict(made))
        return made

    def read_record(self) -> ServerRecord | None:
        """Return what the last server wrote about itself, if anything.

        Raises:
            StateDirectoryError: the path is not a directory, or not the user's.
        """
        try:
            self._check_owner()
            return ServerRecord(**json.loads((self.path / "state.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        except (NotADirectoryError, PermissionError) as error:
            raise self._unusable(error) from error

    def forget_record(self) -> None:
        """Delete `state.json`, so that nobody takes a former server's address for the present one's."""
        (self.path / "state.json").unlink(missing_ok=True)

    def forget_faults(self) -> None:
        """Delete what was injected into the last server, and what functions asked it for."""
        self.faults.unlink(missing_ok=True)
        self.faults.with_suffix(".used").unlink(missing_ok=True)
        self.requests.unlink(missing_ok=True)

    def write_record(self, record: ServerRecord) -> None:
        """Write `state.json`: only the server does, and it holds the server lock."""
        _write_private(self.path / "state.json", asdict(record))

    def begin_serving(self) -> None:
        """Remember an unclean stop of the last server, and note that this one serves."""
        if self._serving.exists():
            self._unclean.touch()
        self._serving.touch()

    def end_serving(self) -> None:
        """Note that the server stopped with everything saved and nothing under way."""
        self._serving.unlink(missing_ok=True)

    def was_cut_off(self) -> bool:
        """Say whether a server serves, or the last one ended while something was under way."""
        return self._serving.exists()

    def is_unclean(self) -> bool:
        """Say whether what an unclean stop cut off is still to be started again."""
        return self._unclean.exists()

    @contextlib.contextmanager
    def recovery(self) -> Iterator[bool]:
        """Yield whether the caller is to start again what an unclean stop cut off: one process at a time.

        It is still to be done if the block raises, its process is killed, or the server is meanwhile.
        """
        before = self.read_record()
        with self._open_lock(self._unclean.name) as descriptor:
            # Looked for again: the one who held the lock until now may have deleted it.
            ours = descriptor is not None and _try_lock(descriptor, fcntl.LOCK_EX) and self.is_unclean()
            yield ours
            after = self.read_record()
            if ours and before and after and before.started == after.started and self.server_lives():
                self._unclean.unlink()

    def server_lives(self) -> bool:
        """Say whether a server holds this directory.

        The kernel frees the lock when the process ends, however it ends, so that neither a stale file nor
        a process ID that was given to another process can be mistaken for a running server.
        """
        with self._open_lock("server.lock") as descriptor:
            # Shared: those who ask at the same time must not take each other for the server.
            return descriptor is not None and not _try_lock(descriptor, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def start_lock(self) -> Iterator[None]:
        """Wait until no other process starts, stops or resets this local AWS, and keep others waiting."""
        with self._open_lock("start.lock", create=True) as descriptor:
            assert descriptor is not None  # noqa: S101 - create=True
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def take_server_lock(self) -> int | None:
        """Take the server lock for the rest of this process: its descriptor, or None if another has it."""
        descriptor = os.open(self.path / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if _try_lock(descriptor, fcntl.LOCK_EX):
            return descriptor
        os.close(descriptor)
        return None

    def _unusable(self, error: OSError) -> StateDirectoryError:
        return StateDirectoryError(
            f"The state directory {self.path} cannot be used: {error.strerror}. Set IMAGEPROC_STATE_DIR to a "
            "directory of yours, or to one that does not exist yet."
        )

    @contextlib.contextmanager
    def _open_lock(self, name: str, *, create: bool = False) -> Iterator[int | None]:
        flags = os.O_RDWR | (os.O_CREAT if create else 0)
        try:
            descriptor = os.open(self.path / name, flags, 0o600)
        except FileNotFoundError:
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only the owner may read, all of it or nothing."""
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    temporary.replace(path)
