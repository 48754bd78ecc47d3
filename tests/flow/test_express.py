"""The essential flow where workflows are Express: what people see is what they see of Standard ones."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from botocore.exceptions import ClientError

from imageproc.client.workbench import Workbench
from imageproc.core.keys import is_express, place_in_batch, whole_execution
from imageproc.core.record import Status
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import DONE, Backend, deploy, target_of
from tests.flow.guests import Guest

Found = TypeVar("Found")

_SECONDS = 30.0


@pytest.fixture(scope="module")
def express(local_aws: LocalStatus) -> Backend:
    name = f"express-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    target = target_of(local_aws)
    deploy(target, name, WorkflowType="EXPRESS", StateMachineLogLevel="ALL")
    return Backend(Workbench(target, name))


def _until(look: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + _SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


def test_a_photo_is_followed_from_its_upload_to_its_steps(express: Backend, fresh: str) -> None:
    """By the data contract's client, the workbench's resources and the logs, as of a Standard workflow."""
    guest, photo_id = Guest.of(express.stack), f"{fresh}.jpg"
    guest.upload(photo_id, pictures.jpeg(make="Nikon"), album=fresh)
    photo = express.ended(photo_id)[photo_id]
    assert photo.status is DONE
    arn = _until(lambda: express.photos.get(photo_id).execution_arn)
    assert arn is not None
    assert is_express(arn)
    told = _until(lambda: _only(guest.describe(arn), "SUCCEEDED"))
    assert told["startDate"] <= told["stopDate"]
    assert told["stateMachineArn"] == express.stack.state_machine_arn

    executions = express.workbench.executions
    listed = _until(lambda: [one for one in executions if (one.arn, one.status) == (arn, "SUCCEEDED")])
    assert executions.get(arn).seconds == pytest.approx(listed[0].seconds, abs=1.5)
    steps = executions.steps(arn)
    assert [one.name for one in steps][:3] == ["ExtractImageMetadata", "ImageTypeCheck", "StoreImageMetadata"]
    assert steps[-1].name == "RecordOutcome"
    assert not any(step.input or step.output for step in steps), "the log has none of the photo's data"
    sources = {entry.source for entry in express.workbench.logs.of_photo(photo_id)}
    assert {"state machine", "ImageProcStartExecution", "GenerateThumbnail"} <= sources


def _only(answer: dict[str, Any], status: str) -> dict[str, Any]:
    return answer if answer["status"] == status else {}


def test_step_functions_tells_nothing_of_it(express: Backend, fresh: str) -> None:
    client, machine = express.stack.client("stepfunctions"), express.stack.state_machine_arn
    state = json.dumps({"s3Bucket": express.stack.bucket, "s3Key": f"Incoming/{fresh}", "objectID": fresh})
    first, second = (
        client.start_execution(stateMachineArn=machine, name=fresh, input=state)["executionArn"] for _ in "12"
    )
    assert first != second, "the name is not taken"
    codes = []
    for call, asked in (
        (client.describe_execution, {"executionArn": first}),
        (client.get_execution_history, {"executionArn": first}),
        (client.stop_execution, {"executionArn": first}),
        (client.list_executions, {"stateMachineArn": machine}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**asked)
        codes.append(refused.value.response["Error"]["Code"])
    assert codes == ["InvalidArn"] * 3 + ["StateMachineTypeNotSupported"]


def test_the_same_event_twice_and_an_execution_twice_leave_the_record_as_it_was(
    express: Backend, fresh: str
) -> None:
    photo_id = f"{fresh}.jpg"
    express.put(photo_id, pictures.jpeg(), album=fresh)
    before = express.ended(photo_id)[photo_id]
    arn = _until(lambda: express.photos.get(photo_id).execution_arn)
    body = {"s3Bucket": express.stack.bucket, "s3Key": before.key, "objectID": photo_id}
    state = json.dumps(body | {"versionId": before.version_id})
    machine = express.stack.state_machine_arn
    express.stack.client("stepfunctions").start_execution(stateMachineArn=machine, input=state)
    again = _until(lambda: _changed(express.photos.get(photo_id), before.change_time))
    assert again.execution_arn == arn
    assert _facts(again.attributes) == _facts(before.attributes)
    event = {
        "Records": [
            {
                "s3": {
                    "bucket": {"name": express.stack.bucket},
                    "object": {
                        "key": before.key,
                        "versionId": before.version_id,
                        "sequencer": again.sequencer,
                    },
                }
            }
        ]
    }
    answer = express.stack.client("lambda").invoke(
        FunctionName=f"{express.stack.name}-ImageProcStartExecution", Payload=json.dumps(event)
    )
    assert json.load(answer["Payload"]) == {"executionArns": []}


def _changed(photo: Any, since: int | None) -> Any:
    return photo if photo.status.finished and photo.change_time != since else None


def _facts(attributes: Any) -> dict[str, Any]:
    moving = {"changeTime", "executionArn", "executionStartTime"}
    return {name: value for name, value in attributes.items() if name not in moving}


def test_photos_are_retried_and_processed_in_bulk_by_express_children(express: Backend, fresh: str) -> None:
    photo_id, none = f"{fresh}/good.jpg", f"{fresh}/none.jpg"
    express.put(photo_id, pictures.jpeg(), album=fresh)
    express.put(none, b"no photo", album=fresh)
    before = express.ended(photo_id, none)
    assert before[none].status is Status.REJECTED
    bulk = express.workbench.bulk
    *_, last = bulk.follow(bulk.start(prefix=fresh), interval_s=0.1)
    assert (last.status, last.total, last.done, last.failed) == ("SUCCEEDED", 2, 2, 0)
    after = express.photos.get(photo_id)
    assert after.status is DONE
    assert after.execution_arn is not None
    assert "/Photos:" in after.execution_arn
    assert place_in_batch(after.execution_arn) is not None
    assert after.change_time != before[photo_id].change_time
    assert Guest.of(express.stack).describe(after.execution_arn)["status"] == "SUCCEEDED"
    lines = express.workbench.logs.of_photo(photo_id)
    assert {"BeginPhoto", "GenerateThumbnail"} & {line.source for line in lines}

    started = express.photos.reprocess(photo_id)
    assert is_express(started.execution_arn)
    assert express.executed(photo_id, started.execution_arn).status is DONE


def test_one_photo_that_fails_leaves_its_batch_alone_and_is_counted_by_itself(
    express: Backend, fresh: str
) -> None:
    """More photos than a batch has; of one nobody can tell whether it is being processed."""
    ids = [f"{fresh}/{number:02}.jpg" for number in range(22)]
    for photo_id in ids:
        express.put(photo_id, pictures.jpeg(), album=fresh)
    before = express.ended(*ids)
    broken = {"status": "PROCESSING", "executionArn": "no ARN"}
    express.stack.client("dynamodb").update_item(
        TableName=express.stack.image_table,
        Key={"imageID": {"S": ids[3]}},
        AttributeUpdates={name: {"Value": {"S": value}} for name, value in broken.items()},
    )
    bulk = express.workbench.bulk
    *_, last = bulk.follow(bulk.start(prefix=fresh), interval_s=0.1)
    assert (last.status, last.total, last.done, last.failed) == ("SUCCEEDED", 22, 21, 1)
    after = {photo_id: express.photos.get(photo_id) for photo_id in ids}
    assert after.pop(ids[3]).execution_arn == "no ARN"
    assert {photo.status for photo in after.values()} == {DONE}
    assert all(photo.change_time != before[photo.id].change_time for photo in after.values())
    arns = {str(photo.execution_arn) for photo in after.values()}
    assert len(arns) == 21
    assert len(set(map(whole_execution, arns))) == 2, "a batch of 20, and one of the rest"
    assert all(not photo.id.startswith("bulk-") for photo in express.photos), "the run's item is no photo"

    *_, last = bulk.follow(bulk.start(["metadata"], ids[3]), interval_s=0.1)
    assert (last.status, last.total, last.done, last.failed) == ("FAILED", 1, 0, 1)
    assert "threshold" in last.cause


def test_a_stack_changes_its_workflow_type_by_a_machine_of_another_name(express: Backend, fresh: str) -> None:
    """The plan says that the state machine is replaced. Last, because the stack is Standard then."""
    before = express.stack.state_machine_arn
    planned = express.stack.plan({"WorkflowType": "STANDARD"})
    (change,) = [one for one in planned.changes if one.logical_id == "ImageProcStateMachine"]
    assert (change.action, change.replacement) == ("Modify", "True")
    assert [*express.stack.apply(planned)]
    assert express.stack.state_machine_arn != before
    express.put(f"{fresh}.jpg", pictures.jpeg(), album=fresh)
    photo = express.ended(f"{fresh}.jpg")[f"{fresh}.jpg"]
    assert photo.status is DONE
    assert express.execution(photo)["status"] == "SUCCEEDED"
