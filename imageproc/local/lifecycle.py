"""Start, find, stop and reset the local AWS of a state directory."""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imageproc.errors import LocalAwsError, StartError, StateDirectoryError, StopError
from imageproc.local.environment import SERVER_MODULE, host_environment
from imageproc.local.faults import SWITCH, Fault, read
from imageproc.local.gateway import HEALTH_PATH
from imageproc.local.state import ServerRecord, StateDir, default_state_dir
from imageproc.local.status import LocalStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from io import FileIO
    from pathlib import Path

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05
_LOG_TAIL_LINES = 15
_LOG_MAX_BYTES = 10_000_000


def _silent(_message: str) -> None:
    pass


class LocalAws:
    """The local AWS of one state directory, by default the user's.

    Several processes may hold such an object for the same directory: there is one server.
    """

    def __init__(self, state_dir: Path | None = None) -> None:
        """Name the state directory; nothing is started or made yet."""
        self._state = StateDir((state_dir or default_state_dir()).expanduser().absolute())

    @property
    def state_dir(self) -> Path:
        """Where it keeps its state."""
        return self._state.path

    @property
    def log_path(self) -> Path:
        """Where the server writes its log."""
        return self._state.log

    def start(self, *, progress: Callable[[str], None] = _silent, faults: bool = False) -> LocalStatus:
        """Start the server unless it runs, wait until it answers, and return where it is.

        The server belongs to no terminal and no notebook: it runs until `stop`. With `faults`, faults can be
        injected into it, as with `IMAGEPROC_FAULTS=on`.

        Raises:
            StateDirectoryError: the state directory cannot be used.
            StartError: the server did not come up, or runs already and is to take faults, and does not.
        """
        _require_ministack()
        self._state.create()
        started = False
        with self._state.start_lock():
            # One that is just being killed still seems to live, and then never answers.
            if not _answers(self._state):
                progress("Starting the local AWS ...")
                self._spawn(faults=faults)
                started = True
                if not _answers(self._state):
                    raise StartError(_with_log(self._state, "The local AWS ended while starting."))
        status = self.status()
        if faults and not status.faults:
            raise StartError(
                "The local AWS runs already, without faults.",
                "Stop it (imageproc local stop), then start it with --faults: photos and stacks stay.",
            )
        if started:
            progress(f"The local AWS runs at {status.endpoint}")
            if not status.recognition:
                progress(f"Photos get no labels: {status.why_no_recognition}")
        return status

    def status(self) -> LocalStatus:
        """Say whether the server runs, and where."""
        record = self._state.read_record()
        if record is None or not self._state.server_lives():
            return LocalStatus(running=False, state_dir=self._state.path)
        return LocalStatus(
            running=True,
            state_dir=self._state.path,
            endpoint=record.endpoint,
            pid=record.pid,
            port=record.port,
            since=datetime.fromtimestamp(record.started, UTC).astimezone(),
            recognition=record.recognition,
            why_no_recognition=record.why_not,
            faults=record.faults,
            credentials=self._state.credentials(),
        )

    def injected(self) -> list[Fault]:
        """Return the faults that are injected, of all stacks."""
        return read(self._state.faults) if self.status().faults else []

    def was_cut_off(self) -> bool:
        """Say, of one that does not run, whether it ended while photos were processed."""
        return self._state.was_cut_off()

    def is_unclean(self) -> bool:
        """Say whether it was killed, or stopped while it worked, and `recovery` is still to be done."""
        return self._state.is_unclean()

    def recovery(self) -> AbstractContextManager[bool]:
        """Return a context that says whether to start again what an unclean stop cut off.

        It says so to one process at a time, until a block has ended without an error.
        """
        return self._state.recovery()

    def stop(self) -> None:
        """Stop the server, which saves its state first. Nothing happens if it does not run.

        Raises:
            StopError: it does not go away.
        """
        if self._state.is_ours():
            with self._state.start_lock():
                self._stop()

    def reset(self) -> None:
        """Stop the server and delete its state: photos, tables, stacks and the access key.

        Raises:
            StopError: the server does not go away; nothing is deleted then.
            StateDirectoryError: the directory is not a local AWS's; nothing is deleted then.
        """
        if self._state.path.exists() and not self._state.is_ours():
            raise StateDirectoryError(
                f"{self._state.path} does not look like a local AWS's: nothing was deleted"
            )
        if self._state.is_ours():
            with self._state.start_lock():
                self._stop()
                self._state.delete_contents()

    def logs(self, *, follow: bool = False) -> Iterator[str]:
        """Yield the lines of the server's log; with `follow`, also those to come, for as long as it runs."""
        if not self._state.log.exists():
            return
        with self._state.log.open(errors="replace") as file:
            while True:
                running = follow and self._state.server_lives()
                for line in file:
                    yield line.rstrip("\n")
                if not running:
                    return
                time.sleep(_POLL_SECONDS * 4)

    def _spawn(self, *, faults: bool) -> None:
        _rotate(self._state.log)
        receiver, sender = os.pipe()
        try:
            command = [sys.executable, "-m", SERVER_MODULE, str(self._state.path), str(sender)]
            descriptor = os.open(self._state.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as log:
                # Returns at once: the process forks itself off.
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=host_environment(os.environ) | ({SWITCH: "on"} if faults else {}),
                    cwd=self._state.path,
                    pass_fds=(sender,),
                    start_new_session=True,
                    check=False,
                )
        finally:
            os.close(sender)
        with os.fdopen(receiver, "rb", buffering=0) as pipe:
            # The pipe also ends, empty, when the process does.
            if not _is_readable(pipe, _START_SECONDS) or not pipe.read(1):
                self._stop()
                raise StartError(_with_log(self._state, "The local AWS did not start."))

    def _stop(self) -> None:
        if not self._state.server_lives():
            return
        # Here, because it needs psutil, which only the extra "local" brings.
        from imageproc.local.processes import signal_server

        for number in (signal.SIGTERM, signal.SIGKILL):
            signal_server(self._state, number)
            if self._wait_for_end():
                return
        raise StopError(f"The local AWS of {self._state.path} does not end. See {self._state.log}")

    def _wait_for_end(self) -> bool:
        deadline = time.monotonic() + _STOP_SECONDS
        while self._state.server_lives():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _require_ministack() -> None:
    try:
        import ministack  # noqa: F401
        import psutil  # noqa: F401
    except ImportError as error:
        raise LocalAwsError("The local AWS needs more packages: pip install 'imageproc[local]'") from error


def _is_readable(pipe: FileIO, seconds: float) -> bool:
    # Not select.select: it fails in a process with more than 1024 open files.
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _answers(state: StateDir) -> bool:
    """Wait for the server's answer; return False if none lives, at once or while waiting.

    It listens before it can answer: a connection waits in its queue.

    Raises:
        StartError: it lives, but did not answer in time.
    """
    deadline = time.monotonic() + _START_SECONDS
    while state.server_lives():
        record = state.read_record()
        if record is not None and _is_healthy(record):
            return True
        if time.monotonic() > deadline:
            raise StartError(_with_log(state, f"The local AWS did not answer in {_START_SECONDS:.0f} s."))
        time.sleep(_POLL_SECONDS)
    return False


def _is_healthy(record: ServerRecord) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", record.port, timeout=_START_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _with_log(state: StateDir, message: str) -> str:
    log = state.log.read_text(errors="replace") if state.log.exists() else ""
    lines = log.splitlines()[-_LOG_TAIL_LINES:]
    return "\n".join([message, f"The end of {state.log}:", *lines])


def _rotate(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_MAX_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))
