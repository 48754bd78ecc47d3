"""The processes of one local AWS, found by what they run: its server, and its function processes.

No process ID is kept for this, because by the time that it is used it may belong to another process.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psutil

from imageproc.local.environment import SERVER_MODULE, function_marker

if TYPE_CHECKING:
    from imageproc.local.state import StateDir

_GRACE_SECONDS = 2.0


def function_processes(state: StateDir) -> list[psutil.Process]:
    """Return the running function processes of this state directory's local AWS."""
    marker = function_marker(state)
    return [p for p in _python_processes() if marker.items() <= _environment(p).items()]


def server_processes(state: StateDir) -> list[psutil.Process]:
    """Return the running server process of this state directory; while it starts there may be two."""
    command = ["-m", SERVER_MODULE, str(state.path)]
    return [p for p in _python_processes() if p.info["cmdline"][1:4] == command]


def signal_server(state: StateDir, number: int) -> None:
    """Send a signal to the server process of this state directory."""
    for process in server_processes(state):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _python_processes() -> list[psutil.Process]:
    # Of other users' processes the command line may be missing.
    return [
        p
        for p in psutil.process_iter(["cmdline"])
        if p.info["cmdline"] and "python" in p.info["cmdline"][0].lower()
    ]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}  # another user's, or gone by now


def end_orphans(state: StateDir) -> None:
    """End the function processes that outlived their server. They would by themselves; this makes sure.

    Call it with the server lock held.
    """
    orphans = function_processes(state)
    for process in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(orphans, timeout=_GRACE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
