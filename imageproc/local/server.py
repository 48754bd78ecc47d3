"""The server process: `python -m imageproc.local.server <state directory> <descriptor>`.

`LocalAws.start` runs it. It leaves its parent, takes the server lock, finds a port, writes `state.json`, says
so through the descriptor, and serves until SIGTERM. MiniStack is imported only when its environment is set.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.local import faults, recognition
from imageproc.local.environment import function_environment, host_environment, server_environment
from imageproc.local.gateway import Gateway
from imageproc.local.processes import end_orphans
from imageproc.local.state import ServerRecord, StateDir
from imageproc.local.worker_gate import Limits, WorkerGate

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn

    from imageproc.local.ministack_adapter import Checkpoints

_log = logging.getLogger("imageproc.local")

READY = b"ready"
_LOCK_ATTEMPTS = 20
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 512


def main(state_dir: str, ready: int) -> None:
    """Serve the local AWS of this state directory until SIGTERM."""
    _detach()
    state = StateDir(Path(state_dir))
    _take_lock(state)
    last = state.read_record()
    state.forget_record()
    state.forget_faults()
    end_orphans(state)
    shutil.rmtree(state.tmp, ignore_errors=True)
    state.tmp.mkdir(mode=0o700)
    with _listen(last.port if last else 0) as listener:
        port: int = listener.getsockname()[1]
        endpoint = f"http://127.0.0.1:{port}"
        recorder = _Recorder(state, port)
        found = recognition.find(endpoint, recorder.write)
        recorder.write(found.available, found.why_not)
        # Before the environment is set: the administrator's key in it is not for the recognition process.
        found.start()
        _set_environment(state, endpoint)
        try:
            _serve(state, listener, ready, found)
        finally:
            found.stop()


class _Recorder:
    """Writes `state.json`, again when recognition comes or goes."""

    def __init__(self, state: StateDir, port: int) -> None:
        self._state, self._port, self._started = state, port, time.time()
        self._lock = threading.Lock()

    def write(self, recognises: bool, why_not: str = "") -> None:
        with self._lock:
            record = ServerRecord(os.getpid(), self._port, self._started, recognises, why_not, faults.is_on())
            self._state.write_record(record)


def _detach() -> None:
    """Let the caller's process go: it gets an ended child to collect, and this one belongs to nobody."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)


def _take_lock(state: StateDir) -> None:
    """Take the server lock. It goes with the process, which closes its files at its very end."""
    # Those who ask whether a server lives take it for a moment, hence the attempts.
    for _ in range(_LOCK_ATTEMPTS):
        if state.take_server_lock() is not None:
            return
        time.sleep(0.05)
    raise SystemExit(f"Another local AWS already serves {state.path}")


def _listen(last_port: int) -> socket.socket:
    """Listen on the last port again if it is free, so that endpoints stay valid, else on a free one."""
    for port in (last_port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            # From here on clients connect, and wait until the server answers.
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            if port == 0:
                raise
        else:
            return listener
    raise AssertionError("port 0 binds or raises")


def _set_environment(state: StateDir, endpoint: str) -> None:
    kept = host_environment(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(server_environment(state, state.credentials(), endpoint))
    if faults.is_on():
        os.environ.update(faults.QUICKLY)


def _serve(state: StateDir, listener: socket.socket, ready: int, found: recognition.Recognition) -> None:
    from imageproc.local import ministack_adapter

    ministack_adapter.check()
    gate = WorkerGate(Limits.from_environment())
    ministack_adapter.install(gate, function_environment(state), state.tmp / "layers")
    ministack_adapter.serve_rekognition(found.detect_labels)
    ministack_adapter.record_access(state.access)
    gateway = _gateway(state, listener.getsockname()[1])
    checkpoints = ministack_adapter.Checkpoints(gateway.requests)
    _look_for_garbage_seldom()
    state.begin_serving()
    os.write(ready, READY)
    os.close(ready)
    try:
        if asyncio.run(_serve_until_stopped(gateway, listener, checkpoints, gate)):
            state.end_serving()
    finally:
        ministack_adapter.end_workers()


def _look_for_garbage_seldom() -> None:
    """Leave out what was imported, and look after 20,000 new objects: each request makes 700 by itself."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _gateway(state: StateDir, port: int) -> Gateway:
    from imageproc.local import ministack_adapter

    front = (ministack_adapter.application(), port, ministack_adapter.door)
    if not faults.is_on():
        return Gateway(*front)
    from imageproc.local.faults.gateway import FaultyGateway
    from imageproc.local.faults.plan import FaultPlan

    plan = FaultPlan(state.faults, state.requests)
    ministack_adapter.name_functions()
    ministack_adapter.disturb_events(plan.kind_of_event)
    return FaultyGateway(*front, plan)


async def _serve_until_stopped(
    app: Gateway, listener: socket.socket, checkpoints: Checkpoints, gate: WorkerGate
) -> bool:
    """Serve until a signal; return whether nothing was being processed then."""
    import uvicorn

    from imageproc.local.ministack_adapter import is_executing

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's call
            loop.call_soon_threadsafe(stopped.set)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            checkpoints.start()  # not before: it would save nothing over what was not read yet

    server = Server(_configuration(app))

    async def stop() -> bool:
        await stopped.wait()
        # The last save is MiniStack's own, when it shuts down; two at a time would write the same files.
        await asyncio.to_thread(checkpoints.stop)
        idle = not (gate.inside() or is_executing())
        server.should_exit = True
        return idle

    _log.info("Running on http://127.0.0.1:%d", listener.getsockname()[1])
    stopping = asyncio.create_task(stop())
    # A copy, because it closes what it is given. By its number, which tells that it is TCP's: on such sockets
    # asyncio sends small packets at once, and on others an answer waits 40 ms for an acknowledgement.
    await server.serve([socket.socket(fileno=os.dup(listener.fileno()))])
    return await stopping


def _configuration(app: Gateway) -> uvicorn.Config:
    """Return how to serve. MiniStack adds the date itself; nobody stands between a client and this server."""
    import uvicorn

    return uvicorn.Config(
        app,
        interface="asgi3",
        http="httptools",  # in C: with h11, in Python, a small request took half as much CPU again
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
    # At once, without taking down all objects: who stops or starts the local AWS waits for the lock.
    logging.shutdown()
    os._exit(0)
