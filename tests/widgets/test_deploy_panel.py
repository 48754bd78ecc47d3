"""Deploying asks where it should, leaves no plan behind, and agreeing once is not agreeing for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from imageproc.client.workbench import Workbench
from imageproc.costs import Estimate, estimate
from imageproc.deployment.events import Deployed, Event, Proposal
from imageproc.deployment.plan import Plan
from imageproc.deployment.plan.change_set import Change
from imageproc.widgets import DeployPanel
from imageproc.widgets.updates import flush

CHANGE = Change("Add", "PhotoRepoS3Bucket", "AWS::S3::Bucket")


class Bench:
    """A workbench whose plans need an answer first."""

    target = SimpleNamespace(is_local=False)
    name = "photos"

    @property
    def stack(self) -> Bench:
        return self

    def __init__(self) -> None:
        self.answers: list[bool] = []
        self.discarded: list[Plan] = []
        self.applied: list[Plan] = []

    def plan(self, _parameters: Any, *, confirm: Callable[[Proposal], bool], **_: Any) -> Plan:
        self.answers.append(confirm(Proposal("May the bucket be made?", "Make the bucket")))
        return Plan("photos", "id", "CREATE", cast("Any", SimpleNamespace()), "change-set", (CHANGE,))

    def apply(self, planned: Plan, **_: Any) -> Iterator[Event]:
        self.applied.append(planned)
        yield Deployed("photos", "id", {"Region": "eu-west-1"})

    def discard(self, planned: Plan) -> None:
        self.discarded.append(planned)

    def cost(self, *, parameters: Mapping[str, str]) -> Estimate:
        return estimate(1000, parameters=parameters)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def panel(bench: Bench) -> DeployPanel:
    return cast("DeployPanel", DeployPanel(cast("Workbench", bench)))


def settle(panel: DeployPanel) -> None:
    assert panel.job is not None
    panel.job.wait(10)
    flush()


def answer(panel: DeployPanel, button: str) -> None:
    deadline = time.monotonic() + 10
    while panel.question.layout.display == "none":
        assert time.monotonic() < deadline, "nothing is asked"
        time.sleep(0.01)
    said = [panel.question.yes.description, panel.question.no.description]
    assert said == ["Make the bucket", "Cancel"], "each button says what it does"
    getattr(panel.question, button).click()
    settle(panel)


def test_a_plan_is_shown_and_deployed_when_the_button_is_pressed(panel: DeployPanel, bench: Bench) -> None:
    assert panel.deploy_button.disabled
    panel.plan_button.click()
    answer(panel, "yes")
    assert not panel.deploy_button.disabled
    assert [row[1]["text"] for row in panel.changes.rows] == ["PhotoRepoS3Bucket"]
    assert "1,000 photos" in panel.costs.text
    assert panel.changes.caption == "What would change"
    panel.deploy_button.click()
    settle(panel)
    flush()
    assert panel.changes.caption == "What was changed"
    assert len(bench.applied) == 1
    assert [row[0]["text"] for row in panel.outputs.rows] == ["Region"]
    assert panel.deploy_button.disabled


def test_deploying_without_being_asked_agrees_once_only(panel: DeployPanel, bench: Bench) -> None:
    panel.deploy_now()
    settle(panel)
    panel.plan_button.click()
    answer(panel, "no")
    assert bench.answers == [True, False]


def test_a_plan_that_is_not_deployed_is_not_left_behind(panel: DeployPanel, bench: Bench) -> None:
    for _ in range(2):
        panel.plan_button.click()
        answer(panel, "yes")
    assert len(bench.discarded) == 1, "the first, when it was planned anew"
    panel.discard_button.click()
    settle(panel)
    assert len(bench.discarded) == 2
    assert panel.deploy_button.disabled
    assert panel.changes.rows == []
