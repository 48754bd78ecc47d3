"""What another user of this machine tries: run as root, it becomes nobody, and prints what it got as JSON.

`python -m tests.stranger FOLDER PID…`: Jupyter's folder of what runs, and the processes of JupyterLab or of
the web app, whose arguments and ports are public to all users of the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import zmq

T = TypeVar("T")
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
KERNEL_PORTS = 5
_START_S = 20.0
_LISTEN_S = 6.0


@contextlib.contextmanager
def listening(folder: Path, process: int) -> Iterator[dict[str, Any]]:
    """Let a stranger try a server and its kernels; what it got is in the yielded dictionary afterwards."""
    server = psutil.Process(process)
    pids = [str(one.pid) for one in (server, *server.children(recursive=True))]
    command = [sys.executable, "-m", "tests.stranger", str(folder), *pids]
    got: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "listening\n"
        yield got
        got |= json.loads(stranger.communicate()[0])


def each(pids: list[int], ask: Callable[[psutil.Process], Iterable[T]]) -> Iterator[T]:
    """Ask each process, but those that have ended since they were listed: a server starts brief ones, too."""
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from ask(psutil.Process(pid))


def ports(pids: list[int]) -> list[int]:
    """Return the ports on which the processes listen; /proc/net/tcp tells them to everybody."""
    found = each(pids, lambda process: process.net_connections("tcp"))
    return sorted({one.laddr.port for one in found if one.status == psutil.CONN_LISTEN})


def heard(listening: list[int]) -> int:
    """Subscribe to everything on all ports, and return how many messages came."""
    context = zmq.Context()
    poller = zmq.Poller()
    for port in listening:
        socket = context.socket(zmq.SUB)
        socket.subscribe(b"")
        socket.connect(f"tcp://127.0.0.1:{port}")
        poller.register(socket, zmq.POLLIN)
    count, end = 0, time.monotonic() + _LISTEN_S
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while time.monotonic() < end:
        for socket, _ in poller.poll(200):
            socket.recv_multipart()
            count += 1
    context.destroy(linger=0)
    return count


def read(paths: list[Path]) -> list[str]:
    """Return which of the files can be read."""
    got = []
    for path in paths:
        try:
            path.read_bytes()
        except OSError:
            continue
        got.append(str(path))
    return got


def main(folder: Path, pids: list[int]) -> None:
    words = each(pids, psutil.Process.cmdline)
    files = [Path(word) for word in words if word.endswith(".json")]
    files += [*folder.rglob("*"), *(Path(f"/proc/{pid}/environ") for pid in pids)]
    end = time.monotonic() + _START_S
    while len(found := ports(pids)) <= KERNEL_PORTS and time.monotonic() < end:
        time.sleep(0.1)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    got: dict[str, Any] = {"files": read(files), "tried": len(files), "ports": len(found)}
    sys.stdout.write(json.dumps(got | {"messages": heard(found)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(pid) for pid in sys.argv[2:]])
