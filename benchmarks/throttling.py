"""Bursts of photos against DetectLabels' quota: a simulation of the state machine's definition.

It reads cloudformation/state-machine.asl.json: each attempt of the state `Rekognition` ends as its Retry and
Catch say, with their intervals, back-off, jitter and bounds, and the state `WaitForTurn` leads back to it.
Turns are those of `imageproc.core.turns`. DetectLabels is a token bucket of a second's requests. What takes
time is assumed: see `SECONDS`. Transitions are counted as Step Functions bills them: each entered state, each
retry.

Beside the definition are three others, made from it, that were not chosen.
"""

from __future__ import annotations

import copy
import heapq
import json
import random
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from benchmarks.figures import Figure
from imageproc.core.turns import MOST_TURNS, Turn, interval_ms, turn_of
from imageproc.deployment.template import read_sources
from imageproc.errors import LabelsQueuedError, RecognitionThrottledError, TransientServiceError

TITLE = "Bursts of photos at five DetectLabels requests a second"

QUOTA = 5
"""Requests a second: the least that a region has by default."""

BURSTS = (100, 1_000, 10_000)
SECONDS_OF_A_BURST = 10
MOST_EXTRA = 2
"""State transitions a photo, on average, beyond those of one whose labels come at once."""

# What is waited for, in seconds: a state's start (a cold function now and then), the SDK's pause before its
# second try, how late the state machine's wait ends.
SECONDS: dict[str, Callable[[random.Random], float]] = {
    "start": lambda dice: 0.05 + (0.3 if dice.random() < 0.05 else 0),
    "second try": lambda dice: dice.random(),
    "wait": lambda dice: 0.5 * dice.random(),
}


@dataclass
class Design:
    """A definition's Rekognition branch, and how its function asks."""

    name: str
    branch: dict[str, Any]
    throttled: type[Exception]
    """What the function raises when it is throttled."""
    turns: bool = False
    sdk_tries: int = 2

    @property
    def asking(self) -> dict[str, Any]:
        """The state that asks for labels."""
        return dict(self.branch["States"]["Rekognition"])


@dataclass
class Photo:
    """A photo under way."""

    came: float
    state: dict[str, Any] = field(default_factory=dict)
    retries: Counter[int] = field(default_factory=Counter)
    transitions: int = 1
    """Entered states and retries, the first visit of Rekognition among them."""
    ended: float | None = None
    labelled: bool = False


class Service:
    """DetectLabels: a bucket that holds a second's tokens, and gets as many each second."""

    def __init__(self, rate: float) -> None:
        """Begin with a full bucket; `rate` is in requests a second."""
        self.rate, self._tokens, self._seen = rate, rate, 0.0
        self.throttled = 0

    def answers(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self.rate, self._tokens + (now - self._seen) * self.rate)
        self._seen = now
        if self._tokens < 1:
            self.throttled += 1
            return False
        self._tokens -= 1
        return True


class Simulation:
    """Photos of one design, event by event, in the order of time."""

    def __init__(self, design: Design, rate: float = QUOTA, seed: int = 1) -> None:
        """Simulate this design at so many requests a second."""
        self.design, self.service, self.photos = design, Service(rate), list[Photo]()
        self._rate, self._next_turn_ms, self._number = rate, 0, 0
        self._dice = random.Random(seed)  # noqa: S311 - the same each time
        self._events: list[tuple[float, int, Callable[[float], None]]] = []

    def add(self, count: int, seconds: float, begin: float = 0) -> None:
        """Let photos come, evenly over so many seconds."""
        for number in range(count):
            photo = Photo(begin + seconds * number / count)
            self.photos.append(photo)
            self._at(photo.came, partial(self._enter, photo))

    def run(self) -> Simulation:
        """Go on until nothing happens any more."""
        while self._events:
            now, _, happen = heapq.heappop(self._events)
            happen(now)
        return self

    def _at(self, when: float, happen: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, happen))

    def _after(self, what: str, now: float) -> float:
        return now + SECONDS[what](self._dice)

    def _enter(self, photo: Photo, now: float) -> None:
        began = self._after("start", now)
        if not self.design.turns:
            self._at(began, partial(self._ask, photo, 1, None))
            return
        turn = turn_of(photo.state) or self._turn(1, began)
        if turn.is_far(round(began * 1000)):
            self._at(began, partial(self._fail, photo, LabelsQueuedError(str(turn))))
        else:
            self._at(max(began, turn.at_ms / 1000), partial(self._ask, photo, 1, turn))

    def _turn(self, number: int, now: float) -> Turn:
        """What `imageproc.functions.turns` does in DynamoDB."""
        at = max(round(now * 1000), self._next_turn_ms)
        self._next_turn_ms = at + interval_ms(self._rate)
        return Turn(at, number)

    def _ask(self, photo: Photo, attempt: int, turn: Turn | None, now: float) -> None:
        if self.service.answers(now):
            photo.ended, photo.labelled = now, True
        elif attempt < self.design.sdk_tries:
            self._at(self._after("second try", now), partial(self._ask, photo, attempt + 1, turn))
        elif turn is None:
            self._fail(photo, self.design.throttled("throttled"), now)
        elif turn.number >= MOST_TURNS:
            self._fail(photo, RecognitionThrottledError("throttled"), now)
        else:
            self._fail(photo, LabelsQueuedError(str(self._turn(turn.number + 1, now))), now)

    def _fail(self, photo: Photo, error: Exception, now: float) -> None:
        """Go on as the state's Retry and Catch say."""
        name = type(error).__name__
        for index, rule in enumerate(self.design.asking["Retry"]):
            if name in rule["ErrorEquals"]:
                if photo.retries[index] < rule["MaxAttempts"]:
                    pause = self._pause(rule, photo.retries[index])
                    photo.retries[index] += 1
                    photo.transitions += 1
                    self._at(now + pause, partial(self._enter, photo))
                    return
                break
        self._caught(photo, name, error, now)

    def _pause(self, rule: dict[str, Any], retries: int) -> float:
        pause = rule["IntervalSeconds"] * rule.get("BackoffRate", 2.0) ** retries
        most = min(pause, rule.get("MaxDelaySeconds", pause))
        return self._dice.uniform(0, most) if rule.get("JitterStrategy") == "FULL" else most

    def _caught(self, photo: Photo, name: str, error: Exception, now: float) -> None:
        states = self.design.branch["States"]
        catch = next(
            rule for rule in self.design.asking["Catch"] if {name, "States.ALL"} & set(rule["ErrorEquals"])
        )
        following = states[catch["Next"]]
        photo.transitions += 1
        if following["Type"] != "Wait":
            photo.ended = now  # without labels
            return
        cause = json.dumps({"errorMessage": str(error)})
        photo.state[catch["ResultPath"].removeprefix("$.")] = {"Cause": cause}
        photo.transitions += 1
        photo.retries.clear()
        self._at(self._after("wait", max(now, _until(error))), partial(self._enter, photo))


def _until(error: Exception) -> float:
    """Return until when the state machine waits: its definition takes the time that stands last."""
    until = str(error).rpartition(" ")[2].replace("Z", "+00:00")
    return datetime.fromisoformat(until).timestamp()


def chosen() -> Design:
    """Return the design of this project."""
    return Design("turns", _branch(), LabelsQueuedError, turns=True)


def others() -> list[Design]:
    """Return what could have been done instead."""
    short = Design("retries of the other steps", _branch(), TransientServiceError, sdk_tries=3)
    long, growing = "one long retry, FULL jitter", "growing retries, FULL jitter"
    return [short, _long(long, 2400, 2), _long(growing, 30, 4)]


def _long(name: str, first: int, rate: int) -> Design:
    """Return a design with a Retry of its own for throttling."""
    branch = _branch()
    rule = {
        "ErrorEquals": ["LabelsQueuedError"],
        "IntervalSeconds": first,
        "BackoffRate": rate,
        "MaxAttempts": 12,
        "MaxDelaySeconds": 7200,
        "JitterStrategy": "FULL",
    }
    branch["States"]["Rekognition"]["Retry"].insert(0, rule)
    return Design(name, branch, LabelsQueuedError, sdk_tries=1)


def _branch() -> dict[str, Any]:
    machine = json.loads(read_sources().definition)
    return dict(copy.deepcopy(machine["States"]["ParallelProcessing"]["Branches"][0]))


def burst(design: Design, count: int) -> Simulation:
    """Simulate photos that come within ten seconds."""
    simulation = Simulation(design)
    simulation.add(count, SECONDS_OF_A_BURST)
    return simulation.run()


def extra(simulation: Simulation) -> float:
    """Return the transitions a photo that a photo alone would not have made."""
    return statistics.mean(photo.transitions - 1 for photo in simulation.photos)


def missing(simulation: Simulation) -> int:
    """Return how many photos ended without labels."""
    return sum(not photo.labelled for photo in simulation.photos)


def figures() -> Iterator[Figure]:
    """Simulate the bursts, of this design with its targets, and of the others."""
    for design in (chosen(), *others()):
        ours = design.turns
        for count in BURSTS:
            ran = burst(design, count)
            name = f"{count:,} photos, {design.name}"
            waits = sorted((photo.ended or 0) - photo.came for photo in ran.photos)
            yield Figure(f"{name}: without labels", [missing(ran)], "photos", 0 if ours else None)
            yield Figure(f"{name}: extra transitions", [extra(ran)], "a photo", MOST_EXTRA if ours else None)
            yield Figure(f"{name}: longest wait", [waits[-1]], "s")
            yield Figure(f"{name}: median wait", [statistics.median(waits)], "s")
            yield Figure(f"{name}: throttled requests", [ran.service.throttled / count], "a photo")
