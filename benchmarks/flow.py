"""Photos on their way through the whole flow, in crowds and tick by tick, until none is under way.

In each tick every step's photos that are due ask for what they need: state transitions, instances of a
function, write units, an execution's start, a turn. Where there is too little, all who ask get the same part
of it. Who gets nothing is delayed (state transitions, events of S3) or refused, and comes back as the
definition's Retry says, until no attempt is left. A tick is a second; in a bulk run it is a sixth of a
photo's own time, so that the six steps of a photo take as long as it does.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from benchmarks.capacity import Functions, Writes
from benchmarks.cohorts import Calendar, Counts, Tokens, share
from benchmarks.outcome import Outcome, Plan
from benchmarks.quotas import Account
from benchmarks.steps import (
    BULK_ENTERED,
    EXTRACT,
    FAILURE,
    LABEL,
    OUTCOME,
    SDK_PAUSES,
    START,
    STORE,
    TAGS,
    THUMBNAIL,
    TURN,
    asking_seconds,
    own_seconds,
    steps,
)
from benchmarks.turn_queue import TurnQueue
from imageproc.core.changes import SHARDS

TICKS = 6
"""How many ticks a photo takes that nothing keeps waiting: each step begins one tick after the last."""

_LEAST = 0.5
"""Photos: with fewer under way, none is."""
_STEADY_TICKS = 50
_SAME = 1e-6
_FAR = 20
"""Ticks that are left to be simulated one by one when many are leapt over."""


class Flow:
    """One run."""

    def __init__(self, account: Account, plan: Plan, photos: float) -> None:
        """Begin; nothing has come yet."""
        self._account, self._plan = account, plan
        self.steps = steps(bulk=plan.bulk is not None)
        self.own = own_seconds(self.steps)
        self._tick = self.own / TICKS if plan.bulk else 1.0
        self.result = Outcome(photos)
        self._pending = photos
        self._rate = plan.uploads or account.uploads
        self._calendar = Calendar([step.pauses for step in self.steps], self._tick)
        self._functions = Functions(account, len(self.steps))
        self._table, self._album = Writes(account), Writes(account, plan.albums)
        self._changes, self._item = Writes(account, SHARDS), Writes(account, 1)
        starts = account.express_starts if plan.express else account.starts
        self._starts, self._transitions = Tokens(starts), Tokens(account.transitions)
        self._turns = TurnQueue(account.detect_labels, self._tick, express=plan.express)
        self._hold = np.array([step.seconds for step in self.steps])
        self._entered = np.array([step.entered for step in self.steps])
        self._table_writes = np.array([step.table for step in self.steps])
        self._change_writes = np.array([step.changes for step in self.steps])
        columns = len(self._calendar.waiting(START))
        self._in_sdk = np.array([a % (len(SDK_PAUSES) + 1) > 0 for a in range(columns)]) & (not plan.bulk)
        self._now = self._last = self._begun = self._coming = self._refused = 0.0
        self._labels = self._thumbnails = 0.0
        self._flow: Counts = np.zeros(len(self.steps))
        self._delayed = False
        self._steady = 0

    def run(self) -> Outcome:
        """Go on until no photo is under way, and return what became of them."""
        while self._under_way() >= _LEAST:
            before, coming = self._flow, self._coming
            self._step()
            quiet = not self._refused and not self._delayed and abs(self._coming - coming) < _SAME
            same = quiet and float(np.abs(self._flow - before).max()) < _SAME
            self._steady = self._steady + 1 if same else 0
            if self._steady >= _STEADY_TICKS:
                self._leap()
                self._steady = 0
        result = self.result
        result.waiting = min(self.counted())
        result.seconds = max(0.0, self._last - (TICKS + 1) * self._tick) + self.own
        result.peak = self._functions.peak
        return result

    def _under_way(self) -> float:
        return self.result.photos - self.result.ended

    def counted(self) -> tuple[float, float]:
        """Return how many photos are under way, counted where they are: by each of the two branches."""
        one = [float(self._calendar.waiting(step).sum()) for step in range(len(self.steps))]
        alone = self._pending + one[START] + one[EXTRACT] + one[STORE] + one[OUTCOME] + one[FAILURE]
        labels = one[TURN] + self._turns.waiting + one[LABEL] + one[TAGS] + self._labels
        thumbnails = one[THUMBNAIL] + self._thumbnails
        return alone + labels - self.result.joined, alone + thumbnails - self.result.joined

    def _open(self) -> float:
        result = self.result
        return result.started - result.finished - result.failed - result.unfinished

    # ------------------------------------------------------------------------------------------ a tick

    def _step(self) -> None:
        due = self._calendar.due()
        self._starting = self._calendar.waiting(START)
        self._delayed = False
        due, spent = self._delayed_by_transitions(due)
        passed, refused = self._by_functions(due)
        accepted, throttled = self._by_writes_and_starts(passed)
        refused += throttled
        exhausted = self._calendar.refuse(refused)
        self.result.retries += float(refused.sum() - exhausted.sum())
        self.result.transitions += spent
        self._flow = accepted.sum(axis=1)
        self._move(self._flow, exhausted)
        self._come()
        self._refused = float(refused.sum())
        self._calendar.tick()
        self._now += self._tick
        self._starts.refill(self._tick)
        self._transitions.refill(self._tick)
        if self._ended_now > 1e-6:
            self._last = self._now

    def _bind(self, name: str, part: float) -> float:
        if part < 1:
            self.result.bound[name] = self.result.bound.get(name, 0.0) + self._tick
        return part

    def _delayed_by_transitions(self, due: Counts) -> tuple[Counts, float]:
        """Delay what exceeds the quota of state transitions; an Express workflow has none."""
        wanted = float(self._entered @ due[:, 0] + due[1:, 1:].sum())
        if self._plan.bulk and not self._plan.express:
            wanted += BULK_ENTERED * float(due[START, 0])
        if self._plan.express:
            return due, 0.0
        part = self._bind("state transitions", share(self._transitions.left, wanted))
        if part < 1:
            self._delayed = True
            delayed = due * (1 - part)
            delayed[START] = 0
            self._calendar.defer(delayed)
            due = due - delayed
        self._transitions.take(part * wanted)
        return due, part * wanted

    def _by_functions(self, due: Counts) -> tuple[Counts, Counts]:
        """Let as many functions run as Lambda lets; events wait, all else is refused."""
        hold = self._hold.copy()
        if not self._turns.far:
            hold[TURN] = hold[LABEL]
        else:
            hold[TURN] = hold[LABEL] - asking_seconds()
        asking = due.copy()
        asking[START, self._in_sdk] = 0
        held = self._turns.held + self._held_by_sdk()
        offered = self._offered(float(asking[START].sum()))
        wanted = asking.sum(axis=1)
        wanted[START] = min(wanted[START], offered)
        parts, whole = self._functions.shares(wanted * hold / self._tick, held)
        self._bind("Lambda concurrency", whole)
        got = asking * parts[:, None]
        if asking[START].sum() > 0:
            got[START] = asking[START] * (wanted[START] * parts[START] / asking[START].sum())
        self._functions.use(got.sum(axis=1) * hold / self._tick, held, self._tick)
        refused = asking - got
        if not self._plan.bulk:
            waits = np.zeros_like(due)
            waits[START], refused[START] = refused[START], 0
            self._delayed |= bool(waits.any())
            self._calendar.defer(waits)
        return got + (due - asking), refused

    def _offered(self, waiting: float) -> float:
        """How many events Lambda tries to deliver: at most as many as could run if nothing else did."""
        if self._plan.bulk:
            return waiting
        held = self._held_by_sdk()
        most = max(0.0, (self._plan.reserved or self._account.concurrency) - held)
        # What is not let through keeps its function busy until the SDK gives up.
        through = self._through_a_start()
        return float(min(most * self._tick / self._hold[START], through + most))

    def _through_a_start(self) -> float:
        """How many executions may start in this tick by the quotas, if nothing else is written."""
        units = min(self._table.able, self._album.able) / self._table_writes[START]
        shards = self._changes.able / self._change_writes[START]
        return float(min(self._starts.left, units * self._tick, shards * self._tick))

    def _held_by_sdk(self) -> float:
        """Functions that wait to ask again for an execution's start."""
        if self._plan.bulk:
            return 0.0
        return float(self._starting[self._in_sdk].sum())

    def _by_writes_and_starts(self, passed: Counts) -> tuple[Counts, Counts]:
        """Let as many go on as the tables take, and as may start an execution."""
        many, tick = passed.sum(axis=1), self._tick
        units, changes = float(self._table_writes @ many), float(self._change_writes @ many)
        table = self._bind("table", self._table.part(units, tick))
        album = self._bind("album's partition", self._album.part(units, tick))
        shards = self._bind("change index", self._changes.part(changes, tick))
        item = self._bind("turns' item", self._item.part(self._turns.writes(float(many[TURN])), tick))
        parts = np.where(self._table_writes > 0, min(table, album), 1.0)
        parts = np.minimum(parts, np.where(self._change_writes > 0, shards, 1.0))
        parts[TURN] = item
        if not self._plan.bulk:
            parts[START] = self._startable(float(many[START]) * parts[START], parts[START])
        accepted = passed * parts[:, None]
        return accepted, passed - accepted

    def _startable(self, wanted: float, part: float) -> float:
        rate = self._bind("StartExecution", share(self._starts.left, wanted))
        room = 1.0
        if not self._plan.express:
            room = self._bind("open executions", share(self._account.open_executions - self._open(), wanted))
        self._starts.take(wanted * min(rate, room))
        return part * min(rate, room)

    def _move(self, accepted: Counts, exhausted: Counts) -> None:
        """Let photos go on to their next steps."""
        result, fresh = self.result, np.zeros(len(self.steps))
        result.started += accepted[START]
        fresh[EXTRACT], fresh[STORE] = accepted[START], accepted[EXTRACT]
        fresh[THUMBNAIL] = fresh[TURN] = accepted[STORE]
        fresh[FAILURE] = exhausted[EXTRACT] + exhausted[STORE]
        none = self._turns.join(float(accepted[TURN]))
        if none:
            self._bind("longest wait of Express", 0)
        near, far = self._turns.leave()
        self._bind("DetectLabels", 0 if self._turns.waiting > _LEAST else 1)
        fresh[LABEL], fresh[TAGS] = far, near + accepted[LABEL]
        result.asked += near + accepted[LABEL]
        unlabelled = none + exhausted[TURN] + exhausted[LABEL] + exhausted[TAGS]
        result.without_labels += unlabelled
        result.without_thumbnail += exhausted[THUMBNAIL]
        self._labels += accepted[TAGS] + unlabelled
        self._thumbnails += accepted[THUMBNAIL] + exhausted[THUMBNAIL]
        both = min(self._labels, self._thumbnails)
        fresh[OUTCOME], result.joined = both - result.joined, both
        result.finished += accepted[OUTCOME]
        result.failed += accepted[FAILURE]
        result.unfinished += exhausted[OUTCOME] + exhausted[FAILURE]
        self._ended_now = float(accepted[OUTCOME] + accepted[FAILURE] + exhausted[OUTCOME])
        result.not_started += exhausted[START]
        self._calendar.add(fresh)

    def _come(self) -> None:
        """Let photos come: as fast as S3 takes them, or as the bulk run has room for more."""
        if self._plan.bulk:
            begun = self._begun - self.result.finished - self.result.failed - self.result.unfinished
            room = max(0.0, self._plan.bulk - begun - self.result.not_started)
            coming = min(self._pending, room, self._plan.bulk / TICKS)
            full = coming < self._pending and self._turns.waiting < _LEAST
            self._bind("BulkConcurrency", 0 if full else 1)
            if not self._plan.express:
                coming = min(coming, self._account.starts.rate * self._tick)
        else:
            coming = min(self._pending, self._rate * self._tick)
            if self._now > self._account.event_age_s:
                self._age()
        self._pending -= coming
        self._begun += coming
        self._coming = coming
        fresh = np.zeros(len(self.steps))
        fresh[START] = coming
        self._calendar.add(fresh)

    def _age(self) -> None:
        """Send events to the dead-letter queue that have waited too long for their function."""
        waiting = float(self._calendar.waiting(START)[0])
        old = min(self.result.photos, self._rate * (self._now - self._account.event_age_s))
        over = min(waiting, old - (self._begun - waiting))
        if over > 0:
            self._calendar.drop(START, over)
            self.result.not_started += over
            self.result.aged += over

    # ------------------------------------------------------------------------------------------ a leap

    def _leap(self) -> None:
        """Repeat a tick that is like those before it, until what grows or shrinks is near its end."""
        earlier, bound = replace(self.result), dict(self.result.bound)
        mine = {name: getattr(self, name) for name in _SUMMED}
        queue, left, joined = self._turns.waiting, self._turns.left, self._turns.joined
        self._step()
        times = self._repeatable(self._turns.waiting - queue)
        if times <= 0:
            return
        result = self.result
        for name in (one.name for one in fields(result) if one.name not in _NOT_SUMMED):
            now = getattr(result, name)
            setattr(result, name, now + times * (now - getattr(earlier, name)))
        for name, seconds in result.bound.items():
            result.bound[name] = seconds + times * (seconds - bound.get(name, 0.0))
        for name, was in mine.items():
            setattr(self, name, getattr(self, name) + times * (getattr(self, name) - was))
        self._turns.leap(times * (self._turns.joined - joined), times * (self._turns.left - left))

    def _repeatable(self, queued: float) -> int:
        """Return how often the last tick may be repeated; `queued` is by how much the turns' queue grew."""
        ends = [self._pending / self._coming] if self._coming > 0 else []
        ends += [one / abs(queued) for one in self._turns.until(queued)] if abs(queued) > 1e-9 else []
        growing = self._flow[START] - self._flow[OUTCOME]
        if growing > 1e-9 and not self._plan.express:
            ends.append((self._account.open_executions - self._open()) / growing)
        return int(min(ends, default=0)) - _FAR


_SUMMED = ("_now", "_last", "_pending", "_begun", "_labels", "_thumbnails")
_NOT_SUMMED = ("photos", "waiting", "seconds", "peak", "bound")
