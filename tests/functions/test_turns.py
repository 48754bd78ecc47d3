"""Turns to ask Rekognition: taken from one table, so that the quota is never exceeded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from imageproc.core.express import LONGEST_WAIT_MS
from imageproc.core.turns import MOST_TURNS, PATIENCE_MS, Turn, interval_ms, turn_of
from imageproc.errors import LabelsQueuedError, RecognitionQueueFullError, RecognitionThrottledError
from imageproc.functions import clients, rekognition, turns
from tests.functions.conftest import TURNS_TABLE, Backend

NOW = 1_764_093_600_000
APART = interval_ms(5)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_ms = NOW

    def time_ns(self) -> int:
        return self.now_ms * 1_000_000

    def sleep(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


@pytest.fixture
def clock(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    return clock


def waited(error: Exception) -> dict[str, Any]:
    """What the state machine adds to an execution's data when it catches a function's error."""
    cause = {"errorMessage": str(error), "errorType": type(error).__name__}
    return {"queued": {"Error": type(error).__name__, "Cause": json.dumps(cause)}}


def count_calls(client: Any, operation: str, seen: list[Any], patch: pytest.MonkeyPatch) -> None:
    real = getattr(client, operation)

    def counted(**request: Any) -> Any:
        seen.append(request)
        return real(**request)

    patch.setattr(client, operation, counted)


def test_turns_stay_below_the_quota() -> None:
    assert APART == 223
    assert 1000 / APART < 5
    assert interval_ms(50) * 50 > 1000


def test_a_photo_that_comes_alone_has_its_turn_at_once(clock: Clock) -> None:
    assert turns.take({}) == Turn(NOW)
    clock.now_ms += 10_000
    assert turns.take({}) == Turn(NOW + 10_000)


def test_photos_that_come_together_take_turns_one_after_the_other(clock: Clock) -> None:
    taken = [turns.take({}).at_ms for _ in range(20)]
    assert taken == [NOW + APART * number for number in range(20)]


def test_a_photo_that_another_overtakes_between_look_and_write_has_the_turn_behind_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients.dynamodb()
    real = client.update_item
    others: list[Turn | None] = []

    def overtaken(**request: Any) -> Any:
        if not others:
            others.append(None)
            others[0] = turns.take({})
        return real(**request)

    monkeypatch.setattr(client, "update_item", overtaken)
    mine = turns.take({})
    assert (others, mine) == ([Turn(NOW)], Turn(NOW + APART))


def test_a_turn_that_is_far_is_left_to_the_state_machine_which_comes_back_before_it(clock: Clock) -> None:
    for _ in range(PATIENCE_MS // APART + 1):
        turns.take({})
    with pytest.raises(LabelsQueuedError) as raised:
        turns.take({})
    queued = raised.value
    turn = turn_of(waited(queued))
    assert turn is not None
    assert PATIENCE_MS < turn.at_ms - NOW <= PATIENCE_MS + APART
    until = str(queued).rpartition(" ")[2]
    assert until == "2025-11-25T18:00:04.000Z"
    clock.now_ms += 4_000
    assert turns.take(waited(queued)) == turn, "no further turn is taken"
    turns.wait_for(turn)
    assert clock.now_ms == turn.at_ms


def test_a_turn_that_has_passed_is_not_waited_for(clock: Clock) -> None:
    turns.wait_for(Turn(NOW - 5_000))
    assert clock.now_ms == NOW


def test_a_photo_that_is_throttled_at_its_turn_takes_another_but_not_for_ever(
    backend: Backend, clock: Clock
) -> None:
    state, numbers = backend.state("cat.jpg"), [1]
    with Stubber(clients.rekognition()) as service:
        for _ in range(2 * MOST_TURNS):
            service.add_client_error("detect_labels", "ThrottlingException", "Rate exceeded", 400)
        while numbers[-1] < MOST_TURNS:
            with pytest.raises(LabelsQueuedError) as queued:
                rekognition.handler(state, None)
            state |= waited(queued.value)
            turn = turn_of(state)
            assert turn is not None
            numbers.append(turn.number)
        with pytest.raises(RecognitionThrottledError, match="at 10 turns: Rate exceeded"):
            rekognition.handler(state, None)
    assert numbers == list(range(1, MOST_TURNS + 1))


def test_an_answer_that_was_lost_costs_a_turn_and_no_more(clock: Clock) -> None:
    """The SDK repeats the write: it is performed twice."""
    client = clients.dynamodb()
    again: list[Any] = []
    real = client.update_item

    def twice(**request: Any) -> Any:
        real(**request)
        again.append(request)
        return real(**request)

    with pytest.MonkeyPatch.context() as patched:
        turns.take({})
        patched.setattr(client, "update_item", twice)
        second = turns.take({})
    assert again
    assert second == Turn(NOW + 2 * APART)
    assert turns.take({}) == Turn(NOW + 3 * APART)


def test_the_sdk_tries_a_throttled_call_once_more_and_not_thrice(backend: Backend) -> None:
    config: Any = clients.rekognition().meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}


def test_the_table_holds_one_item_and_nothing_of_photos(backend: Backend, clock: Clock) -> None:
    turns.take(backend.state("secret.jpg"))
    (item,) = backend.dynamodb.scan(TableName=TURNS_TABLE)["Items"]
    assert set(item) == {"quota", "nextTurn"}


def test_an_express_execution_takes_no_turn_that_it_cannot_wait_for(
    backend: Backend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves it to others, so that the queue holds only turns that somebody keeps."""
    item = {"quota": {"S": "DetectLabels"}, "nextTurn": {"N": str(NOW + LONGEST_WAIT_MS)}}
    backend.dynamodb.put_item(TableName=TURNS_TABLE, Item=item)
    monkeypatch.setenv("WORKFLOW_TYPE", "EXPRESS")
    client = clients.dynamodb()
    asked: list[Any] = []
    with monkeypatch.context() as patched:
        count_calls(client, "update_item", asked, patched)
        with pytest.raises(RecognitionQueueFullError, match="more than 3 minutes away"):
            turns.take({})
    assert len(asked) == 1, "one item takes 1,000 writes a second"
    stored = backend.dynamodb.get_item(TableName=TURNS_TABLE, Key={"quota": {"S": "DetectLabels"}})["Item"]
    assert stored["nextTurn"] == item["nextTurn"]
    clock.now_ms += 1
    with pytest.raises(LabelsQueuedError):
        turns.take({})
    monkeypatch.setenv("WORKFLOW_TYPE", "STANDARD")
    with pytest.raises(LabelsQueuedError):
        turns.take({})
