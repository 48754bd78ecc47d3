"""The panel that injects faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from unittest.mock import MagicMock, PropertyMock

import pytest

from imageproc.client.faults import FunctionCall
from imageproc.errors import TargetError
from imageproc.local.faults import EVENT, Fault
from imageproc.widgets.panels.faults_panel import FaultsPanel
from imageproc.widgets.updates import flush


@pytest.fixture
def workbench() -> MagicMock:
    made = MagicMock()
    faults = made.faults
    faults.steps.return_value = [EVENT, "Rekognition"]
    faults.kinds.side_effect = lambda step: {"duplicate": "twice"} if step == EVENT else {"denied": "refused"}
    faults.injected.return_value = [Fault("lab", "Rekognition", "denied", "ever", 2)]
    call = FunctionCall(
        datetime.now(UTC), "Rekognition", "a", "rekognition.DetectLabels", "{}", 400, "denied"
    )
    faults.calls.return_value = [call, call]
    return made


@pytest.fixture
def panel(workbench: MagicMock) -> Iterator[FaultsPanel]:
    made = FaultsPanel(workbench)
    settle(made)
    yield made
    made.close()


def settle(panel: FaultsPanel) -> None:
    assert panel.job
    panel.job.wait(10)
    flush()


def test_it_offers_what_can_happen_at_the_chosen_step(panel: FaultsPanel) -> None:
    assert (panel.step.value, panel.kind.value) == (EVENT, "duplicate")
    assert panel.times.layout.display == "none", "an event comes once"
    panel.step.value = "Rekognition"
    assert panel.kind.value == "denied"
    assert panel.times.layout.display is None


def test_it_injects_what_is_chosen_and_shows_what_has_failed(
    panel: FaultsPanel, workbench: MagicMock
) -> None:
    panel.step.value, panel.times.value, panel.photos.value = "Rekognition", "ever", 2
    panel.inject()
    settle(panel)
    workbench.faults.inject.assert_called_once_with("Rekognition", "denied", "ever", 2)
    shown = "".join(map(str, panel.static()))
    assert "Injected" in panel.status.text
    assert "rekognition.DetectLabels" in shown
    panel.clear()
    settle(panel)
    workbench.faults.clear.assert_called_once_with()


def test_where_faults_are_off_it_says_how_they_are_switched_on() -> None:
    workbench = MagicMock()
    off = PropertyMock(side_effect=TargetError("Off.", "imageproc local start --faults"))
    type(workbench).faults = off
    panel = FaultsPanel(workbench)
    assert panel.job
    with pytest.raises(TargetError):
        panel.job.wait(10)
    flush()
    assert panel.status.text == "Off. imageproc local start --faults"
    panel.close()
