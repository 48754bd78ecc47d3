"""Starts the recognition process, hands requests to it, and starts it again when it dies.

A request that was with it when it died is answered at once: recognition is unavailable. Its photo ends
without tags, which a retry adds later. To wait for a new process would mean to send it the photo that killed
the last one.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from imageproc.errors import RecognitionStoppedError
from imageproc.local.environment import NO_USER_SETTINGS, host_environment
from imageproc.local.recognition import frames
from imageproc.local.recognition.service import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imageproc.local.recognition.storage import Caller

MODULE = "imageproc.local.recognition.endpoint"
_AT_ONCE = 8
_LONGEST_PAUSE_SECONDS = 30.0
_DEATHS = 6
_STOP_SECONDS = 5.0

_log = logging.getLogger("imageproc.local.recognition")


class Supervisor:
    """The recognition process of one local AWS, whichever it is at the moment."""

    def __init__(
        self,
        local_aws: str,
        environment: Mapping[str, str],
        on_change: Callable[[bool], None],
        *,
        command: Sequence[str] = (sys.executable, "-m", MODULE),
        first_pause_s: float = 1.0,
    ) -> None:
        """Name the local AWS's URL and the process's environment; `start` starts it.

        `on_change` is told when recognition comes or goes. `command` gets a descriptor and the URL besides.
        """
        self._command = command
        self._local_aws = local_aws
        self._environment = dict(environment)
        self._on_change = on_change
        self._first_pause_s = first_pause_s
        self._lock = threading.Lock()
        self._sender = ThreadPoolExecutor(1, "recognition-sender")
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pending: dict[int, Future[Answer]] = {}
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._at_once: asyncio.Semaphore | None = None
        self._thread = threading.Thread(target=self._run, name="recognition", daemon=True)

    def start(self) -> None:
        """Start the process. It answers once its models are loaded, and requests wait until then."""
        self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """End the process and return when it is gone."""
        self._stopped.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(_STOP_SECONDS)
        self._sender.shutdown(wait=False, cancel_futures=True)

    async def ask(self, body: bytes, caller: Caller) -> Answer:
        """Have a DetectLabels request answered on behalf of a caller.

        Raises RecognitionStoppedError if there is no process, or if it dies meanwhile.
        """
        if self._at_once is None:
            self._at_once = asyncio.Semaphore(_AT_ONCE)
        async with self._at_once:
            # In a thread, and none of the loop's own: the socket takes no more while the process is busy, and
            # the process may be waiting for S3, which is served in the loop's threads.
            loop = asyncio.get_running_loop()
            answered = await loop.run_in_executor(self._sender, self._send, body, caller)
            return await asyncio.wrap_future(answered)

    def _send(self, body: bytes, caller: Caller) -> Future[Answer]:
        answered: Future[Answer] = Future()
        with self._lock:
            connection, number = self._connection, next(self._numbers)
            if connection is None:
                raise RecognitionStoppedError("its process does not run")
            self._pending[number] = answered
        try:
            frames.send(connection, {"id": number, "caller": asdict(caller)}, body)
        except OSError as error:
            self._pending.pop(number, None)
            raise RecognitionStoppedError("its process has just ended") from error
        return answered

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [*self._command, str(theirs.fileno()), self._local_aws],
                stdin=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=(theirs.fileno(),),
            )
        with self._lock:
            self._process, self._connection = process, ours

    def _run(self) -> None:
        """Serve one process after the other, until `stop` or until too many have died in a row."""
        deaths = 0
        while True:
            answers = self._serve()
            deaths = 1 if answers else deaths + 1
            if self._stopped.is_set():
                return
            self._on_change(False)
            if deaths >= _DEATHS:
                _log.error("Recognition died %d times in a row: it stays off until the next start", deaths)
                return
            pause = min(self._first_pause_s * 2 ** (deaths - 1), _LONGEST_PAUSE_SECONDS)
            _log.warning("Recognition ended; it is started again in %.0f s", pause)
            if self._stopped.wait(pause):
                return
            self._spawn()

    def _serve(self) -> int:
        """Take answers until the process is gone; return how many there were."""
        connection, process = self._connection, self._process
        assert connection is not None and process is not None  # noqa: S101, PT018 - there is always one here
        answers, began = 0, time.monotonic()
        with connection, connection.makefile("rb") as frames_in:
            while (frame := frames.receive(frames_in)) is not None:
                header, body = frame
                if "ready" in header:
                    _log.info("Recognition is ready after %.1f s", time.monotonic() - began)
                    self._on_change(True)
                elif (answered := self._pending.pop(header["id"], None)) is not None:
                    answers += 1
                    answered.set_result(Answer(header["status"], body))
            with self._lock:
                self._connection = None
                lost, self._pending = self._pending, {}
        for waiting in lost.values():
            waiting.set_exception(RecognitionStoppedError("its process ended while it looked at the photo"))
        process.kill()
        process.wait()
        return answers


def child_environment() -> dict[str, str]:
    """Return the environment of the process: nobody's AWS settings, and memory that is given back.

    The C library would keep what a large picture took (1.2 GB after two PNGs of 140 megapixels); blocks above
    this many bytes are the system's again at once, which costs nothing that can be measured.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    return {**host_environment(os.environ), **NO_USER_SETTINGS, "MALLOC_MMAP_THRESHOLD_": "1048576"}
