"""Many photos against AWS's documented quotas: what is used up first, how long it takes, what it costs.

A simulation: nothing ran on AWS. It knows the definitions' retries (read from cloudformation/), the durations
and writes that were counted for the bill (`imageproc/costs`), the turns to ask Rekognition, and the quotas of
`benchmarks/quotas.py`. Photos move in crowds, second by second (`benchmarks/flow.py`): ten million photos
with up to nine attempts of nine steps are too many events to go through one by one, as SimPy and
`benchmarks/throttling.py` do, and what is asked for (which quota, how long, how many) are sums over crowds.
Jitter is spread evenly and not drawn, so that each run gives the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import FOLDER, Figure
from benchmarks.flow import Flow
from benchmarks.outcome import Outcome, Plan
from benchmarks.quotas import DEFAULT, RAISED, Account
from benchmarks.steps import BULK_ENTERED, FAILURE, START, default_of, steps
from imageproc.core.changes import SHARDS
from imageproc.costs import PRICES, ours, processing, reprocessing
from imageproc.deployment.plan.quotas import PHOTOS_A_REQUEST

TITLE = "Up to ten million photos against AWS's quotas, by simulation"

ARRIVALS = (1_000, 100_000, 10_000_000)
ACCOUNTS = (DEFAULT, RAISED)
_MOST_SECONDS = 60
_HEADING = (
    *("photos", "account", "plan", "used up", "last photo", "functions", "retries", "complete", "incomplete"),
    *("failed", "to reconcile", "dead letters", "lost", "USD"),
)


@dataclass(frozen=True)
class Run:
    """One row: so many photos, in this account, as planned."""

    photos: int
    account: Account
    plan: Plan

    @property
    def words(self) -> str:
        """The plan in words."""
        plan = self.plan
        said = ["EXPRESS" if plan.express else "STANDARD"]
        said += [f"bulk {plan.bulk:.0f}"] if plan.bulk else []
        said += [f"reserved {plan.reserved:.0f}"] if plan.reserved else []
        said += [f"{plan.uploads:.0f} uploads/s"] if plan.uploads else []
        said += [f"{plan.albums} album"] if plan.albums else []
        return " ".join(said)

    def outcome(self) -> Outcome:
        """Simulate it."""
        return Flow(self.account, self.plan, self.photos).run()


def uploads() -> Iterator[Run]:
    """Yield uploads as fast as S3 takes them, to a stack as `imageproc deploy` makes it in these accounts."""
    for photos in ARRIVALS:
        for account in ACCOUNTS:
            yield Run(photos, account, Plan(reserved=reserve(account)))
            yield Run(photos, account, Plan(express=True))


def other_uploads() -> Iterator[Run]:
    """Yield bursts without the reserve, more slowly sent, and with a reserve where it is not the default."""
    for account in ACCOUNTS:
        yield Run(100_000, account, Plan())
        yield Run(100_000, account, Plan(uploads=0.9 * account.starts.rate))
        yield Run(100_000, account, Plan(express=True, reserved=reserve(account)))


def bulk_runs() -> Iterator[Run]:
    """Yield bulk runs by the template's default, which follows DetectLabelsPerSecond."""
    for photos in ARRIVALS:
        for account in ACCOUNTS:
            for express in (False, True):
                yield Run(photos, account, Plan(express=express, bulk=bulk_of(account)))


def bulk_of(account: Account) -> float:
    """Return how many photos a bulk run processes at a time by default, with the account's quota."""
    return default_of("BulkConcurrency") or PHOTOS_A_REQUEST * account.detect_labels


def one_album() -> Iterator[Run]:
    """Yield uploads of a million photos into one album, which is one partition of the index."""
    for account in ACCOUNTS:
        yield Run(1_000_000, account, Plan(reserved=reserve(account), albums=1))
        yield Run(1_000_000, account, Plan(express=True, albums=1))


def partition_rates() -> Iterator[Figure]:
    """Yield how many photos a second the hottest keys of the tables and indexes take."""
    many = DEFAULT.partition_writes
    for name, made in (("uploaded", steps(bulk=False)), ("processed again", steps(bulk=True))):
        good = [one for index, one in enumerate(made) if index != FAILURE]
        album, changes = sum(one.table for one in good), sum(one.changes for one in good)
        yield Figure(f"{name}: photos of one album, in the album index", [many / album], "a second")
        yield Figure(f"{name}: photos of one shard of the change index", [many / changes], "a second")
        yield Figure(f"{name}: photos of all {SHARDS} shards", [SHARDS * many / changes], "a second")
    for name, writes in (("none waits", 1), ("others wait", 2), ("Express, all turns taken", 1)):
        yield Figure(f"the item of turns: photos, {name}", [many / writes], "a second")


def reserve(account: Account) -> int:
    """Return how many functions at a time start no more executions a second than the account may."""
    return math.floor(account.starts.rate * steps(bulk=False)[START].seconds)


def usd(run: Run, outcome: Outcome) -> float:
    """Return what was processed costs by the cost model, with the waits' and retries' transitions, once."""
    parameters = {"WorkflowType": "EXPRESS" if run.plan.express else "STANDARD"}
    bill = reprocessing if run.plan.bulk else processing
    whole = bill(outcome.started, parameters=parameters).total
    unasked = (outcome.started - outcome.asked) * PRICES["image"].each
    own = 0.0 if run.plan.express else outcome.transitions - _counted(run, outcome.started)
    return whole - unasked + own * PRICES["transition"].each + outcome.retries * PRICES["invocation"].each


def _counted(run: Run, started: float) -> float:
    """Return the state transitions that the cost model has already."""
    return started * (ours().photo.entered + (BULK_ENTERED if run.plan.bulk else 0))


def duration(seconds: float) -> str:
    """Return a duration for people."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def row(run: Run, outcome: Outcome) -> str:
    """Return a row of the table."""
    bound = sorted(outcome.bound.items(), key=lambda one: -one[1])[:3]
    incomplete = outcome.finished - outcome.complete
    cells = (
        *(f"{run.photos:,}", run.account.name, run.words),
        ", ".join(f"{name} {duration(seconds)}" for name, seconds in bound) or "nothing",
        *(duration(outcome.seconds), f"{outcome.peak:,.0f}", f"{outcome.retries:,.0f}"),
        *(f"{many:,.0f}" for many in (outcome.complete, incomplete, outcome.failed, outcome.unfinished)),
        *(f"{outcome.not_started:,.0f}", f"{lost(outcome):,.0f}", f"{usd(run, outcome):,.2f}"),
    )
    return "| " + " | ".join(cells) + " |"


def lost(outcome: Outcome) -> float:
    """Return how many photos nobody knows of: they are neither finished nor failed nor waiting anywhere."""
    return abs(round(outcome.photos - outcome.accounted))


def figures() -> Iterator[Figure]:
    """Simulate all of it, judge that nothing is lost and that bulk runs finish, and print the table."""
    began = time.process_time()
    ended = [(run, run.outcome()) for run in (*uploads(), *other_uploads(), *one_album(), *bulk_runs())]
    taken = time.process_time() - began
    behind = [round(run.photos - outcome.complete) for run, outcome in ended if run.plan.bulk]
    yield Figure(
        "photos lost, the most of all runs", [max(lost(outcome) for _, outcome in ended)], "photos", 0
    )
    yield Figure("photos that a bulk run leaves behind, the most", [max(behind)], "photos", 0)
    yield from partition_rates()
    yield Figure("CPU of all runs", [taken], "s", _MOST_SECONDS)
    rule = "|" + " --- |" * len(_HEADING)
    table = "\n".join(["| " + " | ".join(_HEADING) + " |", rule, *(row(*one) for one in ended)])
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "simulation.md").write_text(table + "\n")
    print(f"\n{table}")
