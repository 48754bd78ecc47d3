"""The simulation of many photos against AWS's quotas accounts for every photo, and agrees with arithmetic."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from benchmarks import steps as steps_module
from benchmarks.capacity import Functions, Writes
from benchmarks.cohorts import Pause, pauses
from benchmarks.flow import Flow
from benchmarks.outcome import Outcome, Plan
from benchmarks.quotas import DEFAULT, RAISED, SOURCES, UNLIMITED, Account, Bucket
from benchmarks.simulation import Run, bulk_of, lost, reserve, usd
from benchmarks.steps import ENTERED, EXTRACT, FAILURE, LABEL, START, own_seconds, steps
from benchmarks.throttling import QUOTA, SECONDS_OF_A_BURST, burst, chosen, extra
from imageproc.core.turns import SHARE
from imageproc.costs import ours, processing
from imageproc.deployment.plan.quotas import starters
from imageproc.deployment.template import read_sources

BULK = bulk_of(DEFAULT)
PLANS = (
    Plan(),
    Plan(express=True),
    Plan(reserved=5),
    Plan(albums=1),
    Plan(express=True, albums=1),
    Plan(bulk=BULK),
    Plan(express=True, bulk=BULK),
)
TIGHT = replace(
    DEFAULT, concurrency=100, table_writes=200, table_writes_most=400, open_executions=2_000, event_age_s=60
)
"""An account in which everything is used up by a few thousand photos."""


def outcome(account: Account, plan: Plan, photos: int) -> Outcome:
    return Flow(account, plan, photos).run()


@pytest.mark.parametrize("account", [DEFAULT, TIGHT], ids=["default", "tight"])
@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_every_photo_is_accounted_for_in_each_tick_and_in_the_end(account: Account, plan: Plan) -> None:
    flow = Flow(account, plan, 8_000)
    step = flow._step

    def checked() -> None:
        step()
        assert flow.counted() == pytest.approx([flow.result.photos - flow.result.ended] * 2, abs=1e-3)

    flow._step = checked  # type: ignore[method-assign]
    found = flow.run()
    assert lost(found) == 0
    assert found.ended == pytest.approx(8_000, abs=0.5)
    assert found.started <= 8_000.5


@pytest.mark.parametrize("plan", [Plan(), Plan(express=True)], ids=str)
def test_without_quotas_the_last_photo_takes_the_sum_of_its_steps(plan: Plan) -> None:
    found = outcome(UNLIMITED, plan, 5_000)
    photo = steps(bulk=False)
    assert found.seconds == pytest.approx(own_seconds(photo))
    assert 1 < found.seconds < sum(step.seconds for step in photo)
    assert found.complete == pytest.approx(5_000)
    assert found.retries == 0
    assert not found.bound
    assert found.transitions == pytest.approx(0 if plan.express else 5_000 * ours().photo.entered)


@pytest.mark.parametrize("plan", [Plan(), Plan(bulk=BULK)], ids=str)
def test_where_detect_labels_is_used_up_n_photos_take_n_divided_by_its_rate(plan: Plan) -> None:
    account = replace(UNLIMITED, detect_labels=5)
    found = outcome(account, plan, 20_000)
    assert found.seconds == pytest.approx(20_000 / (SHARE * 5), rel=0.01)
    assert max(found.bound, key=lambda name: found.bound[name]) == "DetectLabels"
    assert found.complete == pytest.approx(20_000, abs=1)


@pytest.mark.parametrize("photos", [300, 3_000])
def test_crowds_wait_as_long_as_photos_that_are_simulated_one_by_one(photos: int) -> None:
    one_by_one = burst(chosen(), photos)
    crowd = outcome(
        replace(UNLIMITED, detect_labels=QUOTA), Plan(uploads=photos / SECONDS_OF_A_BURST), photos
    )
    longest = max(photo.ended or 0 for photo in one_by_one.photos)
    assert crowd.seconds == pytest.approx(longest, rel=0.02, abs=3)
    assert crowd.transitions / photos - ours().photo.entered == pytest.approx(extra(one_by_one), abs=0.1)


def test_a_bulk_run_is_no_faster_than_its_concurrency_lets_it() -> None:
    plan = Plan(bulk=BULK)
    found = outcome(RAISED, plan, 10_000)
    own = own_seconds(steps(bulk=True))
    assert found.seconds == pytest.approx(10_000 * own / BULK, rel=0.01)
    assert next(iter(found.bound)) == "BulkConcurrency"


def test_photos_whose_retries_are_exhausted_are_incomplete_or_failed_and_not_lost() -> None:
    account = replace(UNLIMITED, concurrency=40, uploads=400)
    found = outcome(account, Plan(express=True), 10_000)
    assert found.retries > 10_000
    assert found.failed > 1
    assert found.finished - found.complete > 1
    assert lost(found) == 0


def test_express_photos_that_find_no_turn_end_without_labels() -> None:
    found = outcome(replace(UNLIMITED, detect_labels=5), Plan(express=True), 5_000)
    assert found.finished == pytest.approx(5_000)
    assert found.complete == pytest.approx(180 * SHARE * 5, rel=0.02)
    assert found.without_labels == pytest.approx(5_000 - found.complete, abs=1)
    assert found.seconds < 200


def test_a_burst_over_the_quota_of_start_execution_fills_the_dead_letter_queue_unless_it_is_held_back() -> (
    None
):
    burst = outcome(DEFAULT, Plan(), 50_000)
    assert burst.not_started > 10_000
    assert burst.bound["StartExecution"] > 100
    for plan in (Plan(reserved=reserve(DEFAULT)), Plan(uploads=0.9 * DEFAULT.starts.rate)):
        held_back = outcome(DEFAULT, plan, 50_000)
        assert held_back.not_started == 0
        assert held_back.complete == pytest.approx(50_000, abs=1)


def test_events_that_wait_too_long_and_executions_over_the_limit_are_dead_letters() -> None:
    slow = outcome(replace(UNLIMITED, event_age_s=60), Plan(reserved=5), 20_000)
    assert 0 < slow.aged == slow.not_started
    account = replace(UNLIMITED, detect_labels=5, open_executions=1_000)
    full = outcome(account, Plan(), 3_000)
    assert full.bound["open executions"] > 5
    assert full.not_started > 500


def test_leaping_over_what_repeats_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for account, plan in ((DEFAULT, Plan(bulk=BULK)), (DEFAULT, Plan())):
        leapt = outcome(account, plan, 1_500)
        with monkeypatch.context() as patch:
            patch.setattr(Flow, "_leap", lambda flow: None)
            stepped = outcome(account, plan, 1_500)
        assert leapt.seconds == pytest.approx(stepped.seconds, abs=2)
        assert leapt.transitions == pytest.approx(stepped.transitions, rel=0.001)
        assert leapt.asked == pytest.approx(stepped.asked, rel=0.001)
        assert leapt.bound["DetectLabels"] == pytest.approx(stepped.bound["DetectLabels"], rel=0.01)


def test_retries_are_those_of_the_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = json.loads(read_sources().definition)
    rule = machine["States"]["ExtractImageMetadata"]["Retry"][0]
    assert steps(bulk=False)[EXTRACT].pauses == tuple(pauses(rule))
    assert len(pauses(rule)) == rule["MaxAttempts"]
    assert pauses(rule)[0] == Pause(rule["IntervalSeconds"], jitter=True)
    assert pauses(rule)[-1] == Pause(rule["MaxDelaySeconds"], jitter=True)
    assert pauses({"IntervalSeconds": 2, "MaxAttempts": 2}) == [
        Pause(2, jitter=False),
        Pause(4, jitter=False),
    ]
    rule["MaxAttempts"] = 1
    changed = replace(read_sources(), definition=json.dumps(machine))
    monkeypatch.setattr(steps_module, "read_sources", lambda: changed)
    assert len(steps(bulk=False)[EXTRACT].pauses) == 1


def test_transitions_and_writes_are_those_that_were_counted() -> None:
    photo = [step for index, step in enumerate(steps(bulk=False)) if index not in (LABEL, FAILURE)]
    assert sum(ENTERED[:LABEL]) + sum(ENTERED[LABEL + 1 : FAILURE]) == ours().photo.entered
    counted = sum(2 * step.table + step.changes for step in photo) + 1
    assert counted == pytest.approx(ours().photo.write_units)
    again = [step for index, step in enumerate(steps(bulk=True)) if index not in (LABEL, FAILURE)]
    assert sum(2 * step.table + step.changes for step in again) + 1 == ours().photo.again().write_units


def test_what_it_costs_is_the_cost_models_bill_and_what_waiting_adds() -> None:
    run = Run(1_000, UNLIMITED, Plan())
    assert usd(run, run.outcome()) == pytest.approx(processing(1_000).total)
    waited = Run(1_000, DEFAULT, Plan())
    assert usd(waited, waited.outcome()) == pytest.approx(processing(1_000).total + 0.05, abs=0.003)


def test_a_table_doubles_its_peak_and_functions_grow_by_a_thousand_each_ten_seconds() -> None:
    table = Writes(DEFAULT)
    assert table.part(8_000, 1) == pytest.approx(0.5)
    for _ in range(1_800):
        table.part(8_000, 1)
    assert table.part(8_000, 1) == 1
    assert Writes(DEFAULT, partitions=1).part(2_000, 1) == pytest.approx(0.5)
    functions = Functions(replace(DEFAULT, concurrency=10_000, new_instances=Bucket(1_000, 100)), 2)
    wanted = np.array([4_000.0, 0.0])
    running = functions.shares(wanted, held=0)[0] * wanted
    assert running[0] == pytest.approx(1_000)
    functions.use(running, held=0, seconds=1)
    assert (functions.shares(wanted, held=0)[0] * wanted)[0] == pytest.approx(1_100)


def test_each_quota_has_its_page_and_each_account_its_reserve() -> None:
    assert {one.name for one in fields(Account)} - {"name"} == set(SOURCES)
    assert all(page.startswith("https://docs.aws.amazon.com/") for page in SOURCES.values())
    for account in (DEFAULT, RAISED):
        started = reserve(account) / steps(bulk=False)[START].seconds
        assert 0.9 * account.starts.rate < started <= account.starts.rate
    assert (reserve(DEFAULT), reserve(RAISED)) == (starters("eu-central-1"), starters("us-east-1"))
