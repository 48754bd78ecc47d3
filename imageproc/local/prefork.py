"""The process that function processes are forked from, on Linux: it has loaded the AWS SDK already.

Starting Python, loading boto3 and making the first clients takes a core 0.6 s. A fork takes some
milliseconds, and shares its memory. Elsewhere processes are started one by one: macOS's frameworks do not
bear a fork.

It is run as a script, like `runtime.py` beside it and for the same reason: `imageproc` is the function's own.
The server asks over a socket, whose descriptor is the argument, by a JSON text a message; with a request to
start a process comes the descriptor that it writes to. When the server is gone, so are all of them.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import random
import select
import signal
import socket
import sys
import time
import traceback
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_SDK = ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six")
"""What is loaded before a fork: packages that functions on AWS find there, too."""

_SERVICES = ("dynamodb", "s3", "stepfunctions")
"""Whose clients are made once, so that all that they need is loaded."""

_LARGEST = 1 << 20
"""Bytes of a message."""


def main(descriptor: int) -> None:
    """Fork whatever the server asks for, until it is gone."""
    _load_sdk()
    run = _runtime().main
    gc.collect()
    gc.freeze()  # what is there is never collected: forks go on sharing it
    with socket.socket(fileno=descriptor) as control:
        Forks(control, run).serve()


class Forks:
    """The processes that were forked, by the server's numbers."""

    def __init__(self, control: socket.socket, run: Callable[[], None]) -> None:
        """Listen to the server on this socket; a function process does `run`."""
        self._control, self._run = control, run
        self._running: dict[int, int] = {}
        self._ended, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)

    def serve(self) -> None:
        """Start and end processes as the server asks, and tell it when they have ended."""
        while True:
            readable, _, _ = select.select([self._control.fileno(), self._ended], [], [])
            if self._ended in readable:
                os.read(self._ended, 4096)
                self._collect()
            if self._control.fileno() in readable and not self._obey():
                break
        for pid in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _obey(self) -> bool:
        """Do what the next message asks for; return whether there was one."""
        data, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST, 1)
        if not data:
            return False
        message = json.loads(data)
        if "signal" in message:
            # Only those that were not collected are known: no other process can have this ID by now.
            if pid := self._running.get(message["number"]):
                os.kill(pid, message["signal"])
            return True
        pid = os.fork()
        if pid == 0:
            _become_function(lambda: self._function(message, descriptors[0]))
        os.close(descriptors[0])
        self._running[message["number"]] = pid
        self._tell(number=message["number"], pid=pid)
        return True

    def _function(self, message: dict[str, Any], output: int) -> None:
        """Run a function, in a fork, without what is this process's alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        os.close(self._ended)
        os.close(self._wake)
        _enter(message["directory"], message["environment"], output)
        self._run()

    def _collect(self) -> None:
        for number, pid in list(self._running.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                del self._running[number]
                self._tell(number=number, ended=os.waitstatus_to_exitcode(status))

    def _tell(self, **message: int) -> None:
        with contextlib.suppress(OSError):  # the server is gone: the next message will be none
            self._control.send(json.dumps(message).encode())


def _become_function(run: Callable[[], None]) -> NoReturn:
    """Do nothing but this in this process, which was just forked."""
    code = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is ends this process, and not only this call
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def _enter(directory: str, environment: dict[str, str], output: int) -> None:
    """Take on a function's folder, environment and output."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, descriptor in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, descriptor)
    os.close(nothing)
    os.close(output)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    _find_modules(environment.get("PYTHONPATH", ""))
    _name_process(environment.get("AWS_LAMBDA_FUNCTION_NAME", ""))


def _find_modules(path: str) -> None:
    """Let imports look along this path first, as if Python had been started with it."""
    folders = [folder for folder in path.split(os.pathsep) if folder]
    sys.path[:0] = folders
    importlib.invalidate_caches()
    if any((Path(folder) / name).exists() for folder in folders for name in _SDK):
        for module in [one for one in sys.modules if one.partition(".")[0] in _SDK]:
            del sys.modules[module]  # the function brings its own


def _name_process(name: str) -> None:
    """Show the function's name where processes are listed: its last 15 characters, which tell it apart."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[-15:])


def _load_sdk() -> None:
    """Load the AWS SDK, and keep the descriptions of services that each session looks for and reads anew."""
    try:
        import boto3
        from botocore import session as sessions
    except ImportError:
        return
    sessions.create_loader = functools.cache(sessions.create_loader)
    session = boto3.Session("none", "none", region_name="us-east-1")
    for service in _SERVICES:
        session.client(service)  # type: ignore[call-overload]


def _runtime() -> ModuleType:
    """Load the runtime by its path."""
    loader = SourceFileLoader("imageproc_runtime", os.environ["IMAGEPROC_RUNTIME"])
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(cast("ModuleSpec", spec))
    loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(int(sys.argv[1]))
