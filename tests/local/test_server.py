"""The order in which the local AWS's server begins and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from typing import Any

from imageproc.local.ministack_adapter import Checkpoints
from imageproc.local.server import _serve_until_stopped


class Watched(Checkpoints):
    """Checkpoints that note when they begin."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__(lambda: 0)
        self._happened = happened

    def start(self) -> None:
        self._happened.append("checkpoints")
        super().start()


class Gate:
    """Nothing is being processed."""

    def inside(self) -> int:
        return 0


def serve(happened: list[str], *, stopped_early: bool) -> bool:
    """Serve an application that takes a while to read its state, and stop it."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        if stopped_early:
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.3)
        happened.append("read")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        happened.append("saved")
        await send({"type": "lifespan.shutdown.complete"})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        app: Any = application
        gate: Any = Gate()
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
        if not stopped_early:
            timer.start()
        return asyncio.run(_serve_until_stopped(app, listener, Watched(happened), gate))


def test_nothing_is_saved_before_what_is_on_the_disk_was_read() -> None:
    """A slow start saved nothing over what was not read yet, and deleted the functions' code."""
    happened: list[str] = []
    assert serve(happened, stopped_early=False)
    assert happened == ["read", "checkpoints", "saved"]


def test_a_server_that_is_stopped_while_it_starts_ends_in_order() -> None:
    happened: list[str] = []
    assert serve(happened, stopped_early=True)
    assert happened[0] == "read"
    assert happened[-1] == "saved"
