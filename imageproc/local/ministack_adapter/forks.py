"""Function processes that are forked (by `imageproc.local.prefork`): MiniStack starts Python for each."""

from __future__ import annotations

import itertools
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

    parents = Parents(environment)

    def popen(arguments: list[str], **options: Any) -> Any:
        if Path(arguments[0]).read_bytes() == BOOTSTRAP:
            return parents.fork(options["cwd"], options["env"])
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
        """Wait until it runs. Raises ConnectionError if its parent has ended, OSError if it does not."""
        if not self._there.wait(_PATIENCE_S):
            raise OSError("the function process was not forked")
        if self.pid is None:
            raise ConnectionResetError("the process to fork has ended")

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


class Parents:
    """The process that is forked, and the next one if it is killed: its functions end with it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it: it loads what functions need, so that the first need not wait."""
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._parent = Parent(self._environment)

    def fork(self, directory: str, environment: Mapping[str, str]) -> Fork:
        """Start a function process. Raises OSError."""
        parent = self._parent
        try:
            return parent.fork(directory, environment)
        except ConnectionError:
            return self._after(parent).fork(directory, environment)

    def _after(self, ended: Parent) -> Parent:
        with self._lock:
            if self._parent is ended:
                self._parent = Parent(self._environment)
            return self._parent


class Parent:
    """One process that is forked."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it with this environment."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._forks: dict[int, Fork] = {}
        self._numbers = itertools.count(1)
        self._gone = False
        self._lock = threading.Lock()
        with theirs:
            command = [sys.executable, "-P", prefork.__file__, str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        threading.Thread(target=self._listen, daemon=True, name="function-processes").start()

    def fork(self, directory: str, environment: Mapping[str, str]) -> Fork:
        """Start a function process. Raises ConnectionError if the parent has ended, OSError."""
        reading, writing = os.pipe()
        output = os.fdopen(reading, "rb")
        request = {"directory": directory, "environment": dict(environment)}
        try:
            fork = self._begin(request, output, writing)
            fork.wait_until_there()
        except BaseException:
            output.close()
            raise
        finally:
            os.close(writing)
        return fork

    def _begin(self, request: Mapping[str, Any], output: IO[bytes], writing: int) -> Fork:
        with self._lock:
            if self._gone:
                raise ConnectionResetError("the process to fork has ended")
            number = next(self._numbers)
            fork = self._forks[number] = Fork(self, number, output)
            socket.send_fds(self._control, [json.dumps({**request, "number": number}).encode()], [writing])
        return fork

    def send_signal(self, number: int, signal_number: int) -> None:
        """Send a signal to a function process that runs."""
        with self._lock:
            if number in self._forks:
                self._control.send(json.dumps({"number": number, "signal": signal_number}).encode())

    def _listen(self) -> None:
        """Take in what the parent tells of its forks, until it has ended, and they with it."""
        while data := _received(self._control):
            message = json.loads(data)
            with self._lock:
                fork = self._forks.get(message["number"])
                if "ended" in message:
                    self._forks.pop(message["number"], None)
            if fork:
                fork.note(message)
        with self._lock:
            self._gone = True
            left, self._forks = list(self._forks.values()), {}
            self._control.close()
        for fork in left:
            fork.note({"ended": -signal.SIGKILL})
        self._process.wait()


def _received(control: socket.socket) -> bytes:
    try:
        return control.recv(_LARGEST)
    except OSError:
        return b""
