"""Bursts of photos with DetectLabels throttled: all get their labels, by the turns that they take."""

from __future__ import annotations

import pytest

from benchmarks.burst import send, settings
from benchmarks.throttling import MOST_EXTRA
from imageproc.client.workbench import Workbench
from imageproc.local import LocalAws
from imageproc.local.recognition import SWITCH
from imageproc.local.recognition.models import missing_packages
from tests import soak
from tests.flow.conftest import deploy, target_of

COUNT, PER_SECOND = soak.of(14, 40), 1
"""They come faster than one a second on any machine. `make bench BENCH=burst` sends 300 at five."""


@pytest.mark.skipif(bool(missing_packages()), reason="the models are not installed")
def test_a_burst_ends_with_every_photo_labelled_at_two_transitions_more_at_most(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    for name, value in settings(PER_SECOND).items():
        monkeypatch.setenv(name, value)
    target = target_of(own_aws.start())
    deploy(target, "burst", DetectLabelsPerSecond=str(PER_SECOND))

    burst = send(Workbench(target, "burst"), COUNT)

    assert burst.labelled == COUNT, burst.missing
    assert 0.5 <= burst.extra <= MOST_EXTRA
