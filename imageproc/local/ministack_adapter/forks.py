"""Function processes that are forked (by `imageproc.local.prefork`): MiniStack starts Python for each."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

from imageproc.local import prefork
from imageproc.local.runtime import BOOTSTRAP

_LARGEST = 1 << 16
_PATIENCE_S = 30.0
"""How long a fork may take: the first one waits until the SDK is loaded."""


def fork_functions(environment: Mapping[str, str]) -> None:
    """Fork the processes of functions with this project's runtime; others are started as before."""
    if sys.platform != "linux":
        return
    from ministack.core import lambda_runtime

    parent = Parent(environment)
    parent.begin()

    def popen(arguments: list[str], **options: Any) -> Any:
        if Path(arguments[0]).read_bytes() == BOOTSTRAP:
            return parent.fork(options["cwd"], options["env"])
        return subprocess.Popen(arguments, **options)

    lambda_runtime.subprocess = cast("Any", SimpleNamespace(**(vars(subprocess) | {"Popen": popen})))


class Fork:
    """A function process; like `subprocess.Popen`, as far as MiniStack uses it."""

    def __init__(self, parent: Parent, number: int, output: IO[bytes]) -> None:
        """Read what it writes from `output`."""
        self.stdout = output
        self.pid: int | None = None
        self.returncode: int | None = None
        self._parent, self._number = parent, number
        self._there, self._over = threading.Event(), threading.Event()

    def note(self, message: Mapping[str, int]) -> None:
        """Take in what the parent process tells of it."""
        self.pid = message.get("pid", self.pid)
        self._there.set()
        if "ended" in message:
            self.returncode = message["ended"]
            self._over.set()

    def wait_until_there(self) -> None:
        """Wait until it runs. Raises OSError if it does not."""
        if not self._there.wait(_PATIENCE_S) or self.pid is None:
            raise OSError("the function process was not forked")

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended. Raises subprocess.TimeoutExpired."""
        if not self._over.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired("function", timeout or 0.0)
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._parent.send_signal(self._number, signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._parent.send_signal(self._number, signal.SIGKILL)


class Parent:
    """The process that is forked. If it is killed, its functions end, and the next has another parent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it with this environment when it is needed."""
        self._environment = dict(environment)
        self._control: socket.socket | None = None
        self._forks: dict[int, Fork] = {}
        self._last = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start it: it loads what functions need, so that the first need not wait."""
        with self._lock:
            self._connected()

    def fork(self, directory: str, environment: Mapping[str, str]) -> Fork:
        """Start a function process. Raises OSError."""
        request = {"directory": directory, "environment": dict(environment)}
        reading, writing = os.pipe()
        with self._lock:
            self._last += 1
            number = self._last
            fork = self._forks[number] = Fork(self, number, os.fdopen(reading, "rb"))
            try:
                message = json.dumps(request | {"number": number}).encode()
                socket.send_fds(self._connected(), [message], [writing])
            finally:
                os.close(writing)
        fork.wait_until_there()
        return fork

    def send_signal(self, number: int, signal_number: int) -> None:
        """Send a signal to a function process that runs."""
        with self._lock:
            if self._control and number in self._forks:
                self._control.send(json.dumps({"number": number, "signal": signal_number}).encode())

    def _connected(self) -> socket.socket:
        """Return the connection to the process, which is started if it does not run."""
        if self._control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-P", prefork.__file__, str(theirs.fileno())]
            process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
            theirs.close()
            self._control = ours
            threading.Thread(
                target=self._listen, args=(ours, process), daemon=True, name="function-processes"
            ).start()
        return self._control

    def _listen(self, control: socket.socket, process: subprocess.Popen[bytes]) -> None:
        while data := _received(control):
            message = json.loads(data)
            with self._lock:
                fork = self._forks.get(message["number"])
                if "ended" in message:
                    self._forks.pop(message["number"], None)
            if fork:
                fork.note(message)
        with self._lock:
            self._control = None
            left, self._forks = list(self._forks.values()), {}
        control.close()
        for fork in left:
            fork.note({"ended": -signal.SIGKILL})
        process.wait()


def _received(control: socket.socket) -> bytes:
    try:
        return control.recv(_LARGEST)
    except OSError:
        return b""
