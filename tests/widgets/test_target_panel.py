"""What the target panel says when a target is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import boto3
import pytest

from imageproc.client.recovery import UNCLEAN
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.widgets.panels.target_panel import TargetPanel


def test_photos_that_are_processed_again_after_a_crash_stay_to_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    healed = f"{UNCLEAN}3 photos are processed again."
    monkeypatch.setattr(Target, "account", "000000000000")

    def opened(*_: object, notify: Callable[[str], None], **__: object) -> Workbench:
        notify("Starting the local AWS ...")
        notify(healed)
        return Workbench(Target(LOCAL, boto3.Session(region_name="us-east-1"), "http://127.0.0.1:1"))

    monkeypatch.setattr(Workbench, "open", opened)
    panel = TargetPanel()
    asyncio.run(panel.opened(10))

    assert panel.status.text.endswith(healed)
    assert "Starting" not in panel.status.text
