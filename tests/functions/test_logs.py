from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from imageproc.core.keys import execution_name
from imageproc.errors import ImageIdentifyError
from imageproc.functions import logs

EVENT = {"correlationId": "run-1", "objectID": "a\u2028b\n.jpg", "s3Key": "not said", "versionId": "v"}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that are logged, formatted as in Lambda."""
    found: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(logs.JsonFormatter())
    monkeypatch.setattr(handler, "emit", lambda record: found.append(handler.format(record)))
    monkeypatch.setattr(logging.getLogger("imageproc"), "handlers", [handler])
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "my-stack-RecordOutcome")
    return found


def run(handler: Any, event: dict[str, Any]) -> Any:
    return logs.logged(handler)(event, None)


def test_an_invocation_ends_with_one_line_that_says_what_it_was_about(lines: list[str]) -> None:
    assert run(lambda event, _: event["objectID"], EVENT) == EVENT["objectID"]
    (line,) = map(json.loads, lines)
    assert (line["level"], line["message"], line["function"]) == ("INFO", "done", "my-stack-RecordOutcome")
    assert (line["correlationId"], line["objectID"], line["versionId"]) == ("run-1", "a\u2028b\n.jpg", "v")
    assert line["durationMs"] >= 0
    assert "s3Key" not in line


def test_a_run_without_a_correlation_id_takes_the_uploads_own(lines: list[str]) -> None:
    photo: dict[str, Any] = {"s3Bucket": "b", "s3Key": "Incoming/a.jpg", "objectID": "a.jpg"}
    extracted = {"extractedMetadata": {"attributes": {"versionId": "v2"}}}
    events: list[dict[str, Any]] = [photo, photo | extracted, photo | {"versionId": "v1"}, {"Records": []}]
    for event in events:
        run(lambda _event, _context: None, event)
    found = [json.loads(line).get("correlationId") for line in lines]
    own = execution_name("b", "Incoming/a.jpg", "")
    assert found == [own, own, execution_name("b", "Incoming/a.jpg", "v1"), None]


def test_no_name_can_break_a_line(lines: list[str]) -> None:
    run(lambda _event, _context: None, EVENT)
    assert len(lines[0].splitlines()) == 1
    assert lines[0].isascii()


@pytest.mark.parametrize(
    ("error", "level", "traced"),
    [(ImageIdentifyError("no image"), "WARNING", False), (KeyError("missing"), "ERROR", True)],
)
def test_a_failure_is_logged_and_raised_with_a_trace_if_the_photo_is_not_at_fault(
    lines: list[str], error: Exception, level: str, traced: bool
) -> None:
    def fail(_event: Any, _context: Any) -> None:
        raise error

    with pytest.raises(type(error)):
        run(fail, EVENT)
    (line,) = map(json.loads, lines)
    assert (line["level"], line["error"], line["cause"]) == (level, type(error).__name__, str(error))
    assert ("stackTrace" in line) is traced


def test_what_one_invocation_is_about_is_not_said_of_the_next(lines: list[str]) -> None:
    run(lambda _event, _context: None, EVENT)
    run(lambda _event, _context: None, {})
    assert "correlationId" not in json.loads(lines[1])


def test_a_line_counts_as_one_of_a_metric_of_the_stack(lines: list[str]) -> None:
    logging.getLogger("imageproc.test").warning("x", extra={"fields": logs.metric("Photos", Status="FAILED")})
    line = json.loads(lines[0])
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "imageproc"
    assert directive["Dimensions"] == [["StackName", "Status"]]
    assert (line["StackName"], line["Status"], line["Photos"]) == ("my-stack", "FAILED", 1)
    assert isinstance(line["_aws"]["Timestamp"], int)


def test_in_lambda_the_runtimes_own_handler_writes_json(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = logging.StreamHandler(sys.stderr)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("imageproc"), "level", logging.NOTSET)
    logs._install()
    assert not isinstance(handler.formatter, logs.JsonFormatter), "elsewhere nothing is changed"
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    logs._install()
    assert isinstance(handler.formatter, logs.JsonFormatter)
