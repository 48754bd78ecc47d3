"""Every call that the client makes is made to fail: what is done, or a typed error that names the fix."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from imageproc import errors
from imageproc.client import workbench as client_workbench
from imageproc.client.albums import Album
from imageproc.client.dead_letters import NotRedriven
from imageproc.client.photos.corrections import Corrected, NotCorrected
from imageproc.client.photos.moves import Copied, Moved, NotCopied, NotMoved
from imageproc.client.photos.photo import Photo
from imageproc.client.photos.processing import NotRestarted, Restarted
from imageproc.client.stack import Stack
from imageproc.client.target import Target
from imageproc.client.uploads.events import Uploaded, UploadFailed
from imageproc.client.uploads.files import prepare_file
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import DONE, Backend
from tests.flow.test_processing import forget, write
from tests.reliability.failing import Failing, without_waiting

CALLS: dict[str, list[str]] = json.loads((Path(__file__).parent / "calls.json").read_text())["client"]
"""What the client does, and the calls that it makes for it."""

CLIENT = Path(client_workbench.__file__).parent
UPLOADED = Album("faults", "ann", "Uploaded", 0)
NUMBERS = itertools.count(50)
"""Whatever is to be new each time has one of them."""

SDK_TRIES = 2
ONCE = ("throttled", "failed", "reset", "silent")
"""What the SDK takes in one place, whichever the call: each call meets one of them, and each service all.
That an answer is lost, and the request performed twice, is every call's own matter."""
EVER = {
    "throttled": errors.ThrottledError,
    "failed": errors.AwsError,
    "silent": errors.EndpointUnreachableError,
}
"""Of these, too, each call meets one."""


@dataclass
class Client:
    """A client of its own, whose requests can be made to fail."""

    target: Target
    outputs: Mapping[str, str]
    stack_name: str
    failing: Failing
    album: Album
    photo: Photo
    """A finished photo of the album, which the actions are about."""
    folder: Path
    into: Album | None = None
    """An album that photos are moved or copied into."""

    @property
    def workbench(self) -> Workbench:
        """A new workbench, which knows nothing yet but the outputs."""
        made = Workbench(self.target, self.stack_name)
        made.stack.outputs = self.outputs
        return made


@pytest.fixture(scope="module")
def client(
    backend: Backend, local_aws: LocalStatus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        without_waiting(patch)
        patch.setattr("imageproc.client.photos.following.QUIET_S", -1.0)
        real, failing = backend.stack.target, Failing()
        session: Any = local_aws.session()
        session.events.register("before-send", failing)
        target = Target(real.name, session, real.endpoint_url, state_dir=real.state_dir)
        album = backend.workbench.albums.get_or_create("Faults", "ann")
        for _ in range(2):  # of an earlier version no record tells whose it is
            version = backend.put("client-faults.jpg", pictures.jpeg(), album=album.id)
            backend.until_version("client-faults.jpg", version)
        photo = backend.ended("client-faults.jpg")["client-faults.jpg"]
        backend.execution(photo)
        folder = tmp_path_factory.mktemp("photos")
        made = Client(target, backend.stack.outputs, backend.stack.name, failing, album, photo, folder)
        (made.folder / "there.jpg").write_bytes(pictures.jpeg())
        upload(made)
        yield made


def upload(client: Client) -> None:
    """Send three files and one that is there; one that fails is told of, and the others are sent."""
    for number in range(3):
        (client.folder / f"{number}.jpg").write_bytes(pictures.jpeg((next(NUMBERS), 40)))
    files: Any = [prepare_file(path, UPLOADED.id) for path in sorted(client.folder.iterdir())]
    sent = client.workbench.uploads.send(files, UPLOADED)
    ended = [one for one in sent if isinstance(one, Uploaded | UploadFailed)]
    assert {one.file.photo_id for one in ended} == {one.photo_id for one in files}
    for failed in (one for one in ended if isinstance(one, UploadFailed)):
        raise ToldError(failed.cause)


class ToldError(Exception):
    """What an action says of its failure without raising it."""


def follow(client: Client) -> None:
    """Follow a photo that nothing finishes."""
    (photo,) = client.workbench.photos.follow([client.photo.id], interval_s=0)
    assert photo.status is Status.FAILED


def redrive(client: Client) -> None:
    """Redrive a message about the photo."""
    for one in client.workbench.dead_letters.redrive():
        if isinstance(one, NotRedriven):
            raise ToldError(one.cause)


def bulk(client: Client) -> None:
    """Run over a file that is no photo, to the end, and stop what has ended."""
    runs = client.workbench.bulk
    arn = runs.start(prefix=NO_PHOTO)
    *_, last = runs.follow(arn, interval_s=0.02)
    assert last.status == "SUCCEEDED"
    runs.stop(arn)


def fill_the_catalog(client: Client) -> None:
    """Read the whole table once more."""
    client.workbench.catalog.remove()
    client.workbench.catalog.sync()


ARCHIVE = "faults-archive"
IN_PLACE = "faults-in-place"
NO_PHOTO = "bulk/no-photo.jpg"
ERASED = "erased/1.jpg"
USER = "to-be-forgotten"


def erase(client: Client) -> None:
    """Erase a photo, and a user's album with it, and find nothing of either afterwards."""
    privacy = client.workbench.privacy
    albums = tuple(client.workbench.albums.of(USER))
    list(privacy.erase(replace(privacy.of_photos([ERASED]), albums=albums)))
    assert privacy.of_photos([ERASED]).empty


def move(client: Client) -> None:
    """Move the photo into a new album."""
    assert client.into
    told(client.workbench.photos.move([client.photo], client.into))


def copy(client: Client) -> None:
    """Copy the photo into a new album."""
    assert client.into
    told(client.workbench.photos.copy([client.photo], client.into))


def import_(client: Client) -> None:
    """Import the photos of a bucket, those that are there already too."""
    imports = client.workbench.imports
    try:
        plan = imports.plan(f"s3://{ARCHIVE}", album=UPLOADED)
    except errors.UploadError as error:
        raise ToldError(str(error)) from error
    for entry in imports.run(plan):
        if entry.outcome == "failed":
            raise ToldError(entry.cause)


def import_in_place(client: Client) -> None:
    """Point to an object that has changed, and have a bulk run process it."""
    try:
        point(client.workbench)
    except errors.UploadError as error:
        raise ToldError(str(error)) from error


def point(workbench: Workbench) -> None:
    """Import a bucket in place, as if the stack might read it."""
    workbench.stack.outputs = {**workbench.stack.outputs, "SourceBucket": IN_PLACE}
    imports = workbench.imports
    for entry in imports.run(imports.plan(f"s3://{IN_PLACE}", album="In place", user="ann", in_place=True)):
        if entry.outcome == "failed":
            raise ToldError(entry.cause)


def correct(client: Client) -> None:
    """Say that the photo has a label, and another one every time."""
    label = f"Label {next(NUMBERS)}"
    told(client.workbench.photos.add_label([client.photo], label))
    told(client.workbench.photos.undo_corrections([client.photo], label))
    (now,) = client.workbench.photos.many([client.photo])
    assert label not in now.tags


def told(outcomes: Iterable[Moved | NotMoved | Copied | NotCopied | Corrected | NotCorrected]) -> None:
    for one in outcomes:
        if isinstance(one, NotMoved | NotCopied | NotCorrected):
            raise ToldError(one.cause)


ACTIONS: dict[str, Callable[[Client], Any]] = {
    "read the outputs": lambda client: Stack(client.target, client.stack_name).outputs,
    "name the account": lambda client: replace(client.target).account,
    "make an album": lambda client: client.workbench.albums.get_or_create(f"Album {next(NUMBERS)}", "ann"),
    "describe an album": lambda client: client.workbench.albums.describe(client.album, f"{next(NUMBERS)}"),
    "move": move,
    "correct a label": correct,
    "copy": copy,
    "import": import_,
    "import in place": import_in_place,
    "list all albums": lambda client: list(client.workbench.albums),
    "upload": upload,
    "show": lambda client: client.workbench.photos.get(client.photo.id),
    "list all photos": lambda client: list(client.workbench.photos.scan()),
    "fill the catalog": fill_the_catalog,
    "follow the catalog": lambda client: client.workbench.catalog.sync(),
    "list an album": lambda client: list(client.workbench.photos.in_album(client.album)),
    "read an original": lambda client: client.workbench.photos.read(client.photo),
    "read a part of an original": lambda client: client.workbench.photos.open(client.photo).read(0, 100),
    "follow": follow,
    "list executions": lambda client: list(client.workbench.executions.all()),
    "list an execution's steps": lambda client: client.workbench.executions.steps(arn_of(client)),
    "read logs": lambda client: client.workbench.logs.of_execution(arn_of(client)),
    "count dead letters": lambda client: client.workbench.dead_letters.count(),
    "list dead letters": lambda client: client.workbench.dead_letters.messages(),
    "redrive": redrive,
    "bulk": bulk,
    "erase": erase,
    "find all of a user": lambda client: client.workbench.privacy.of_user(USER),
    "retry": lambda client: client.workbench.photos.retry(client.workbench.photos.get(client.photo)),
}


SLOW = ("list dead letters", "redrive", "retry", "bulk", "move", "copy", "import", "import in place")
"""They wait for something, or start an execution: a lost answer, a throttled and a denied call will do."""

AT_ONCE = {
    "upload": 4,
    "import": 2,
    "import in place": 2,
    "read logs": 9,
    "fill the catalog": 8,
    "follow the catalog": 5,
    "erase": 5,
}
"""Files, log groups, segments of the table, and shards of its index."""

NOT_LOCAL = {
    "cloudwatch.GetMetricData",
    *("iam.GetRole", "iam.SimulatePrincipalPolicy", "kms.DescribeKey", "kms.GetKeyPolicy"),
    *("rekognition.DetectLabels", "rekognition.ListCollections"),
}
"""What is called on AWS alone: metrics, which the local AWS lacks, an account's checks, and labels to compare
with. How those take a refusal is in `tests/client/doctor` and `tests/client/photos/test_recognitions.py`."""

OF_EXPRESS = {"logs.DescribeLogGroups"}
"""What is called of stacks with Express workflows alone; made to fail in `tests/client/executions`."""


def arn_of(client: Client) -> str:
    return str(client.photo.execution_arn)


def fill_the_source(backend: Backend, action: str) -> None:
    """Put what is to be imported into a bucket."""
    s3, bucket = backend.stack.client("s3"), ARCHIVE if action == "import" else IN_PLACE
    s3.create_bucket(Bucket=bucket)
    if action == "import in place":
        s3.put_object(Bucket=bucket, Key="there.jpg", Body=pictures.jpeg())
        point(Workbench(backend.stack.target, backend.stack.name))
    for name in ("a.jpg", "b.jpg"):
        s3.put_object(Bucket=bucket, Key=name, Body=pictures.jpeg((next(NUMBERS), 40)))


def prepared(client: Client, backend: Backend, action: str) -> None:
    """Bring things into the state that an action is for."""
    if action in ("follow", "retry", "redrive"):
        backend.execution(backend.photos.get(client.photo.id))
        write(backend, client.photo.id, status="PROCESSING" if action == "follow" else "FAILED")
    if action in ("move", "copy"):
        client.into = backend.workbench.albums.get_or_create(f"Into {next(NUMBERS)}", "ann")
        told(backend.workbench.photos.add_label([client.photo], "Pier"))  # a copy takes it along
    if action.startswith("import"):
        fill_the_source(backend, action)
    if action == "bulk":
        backend.put(NO_PHOTO, b"no photo")
    if action in ("follow the catalog", "erase"):
        backend.workbench.catalog.sync()
    if action == "erase":
        s3, bucket = backend.stack.client("s3"), backend.stack.bucket
        s3.put_object(Bucket=bucket, Key=f"Thumbnails/{ERASED}", Body=b"small")
        arn = backend.photos.get(client.photo.id).execution_arn
        write(backend, ERASED, status="FAILED", executionArn=str(arn))
        backend.workbench.albums.get_or_create("Erased", USER)
    if "dead letters" in action or action == "redrive":
        event = {"Records": [{"s3": {"object": {"key": client.photo.key}}}]}
        body = json.dumps({"requestPayload": event})
        sqs = backend.stack.client("sqs")
        sqs.purge_queue(QueueUrl=backend.stack.dead_letter_queue)
        sqs.send_message(QueueUrl=backend.stack.dead_letter_queue, MessageBody=body)


def attempt(client: Client, action: str) -> Exception | None:
    try:
        ACTIONS[action](client)
    except (errors.AwsError, ToldError) as error:
        return error
    return None


CASES = [(action, operation) for action in ACTIONS for operation in CALLS[action]]


def kind_of(action: str, operation: str, kinds: Iterable[str]) -> str:
    """Return this case's kind: those of a service have one each in turn."""
    service = operation.partition(".")[0]
    of_service = [one for one in CASES if one[0] not in SLOW and one[1].partition(".")[0] == service]
    listed = tuple(kinds)
    return listed[of_service.index((action, operation)) % len(listed)]


def test_each_service_that_is_called_often_meets_every_kind() -> None:
    quick = [case for case in CASES if case[0] not in SLOW]
    met = {(operation.partition(".")[0], kind_of(action, operation, ONCE)) for action, operation in quick}
    assert met >= set(itertools.product(("s3", "dynamodb", "stepfunctions"), ONCE))
    assert {kind_of(*case, EVER) for case in quick} == set(EVER)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_client_calls_what_is_listed(client: Client, backend: Backend, action: str) -> None:
    prepared(client, backend, action)
    client.failing.stop()
    client.failing.calls.clear()
    assert attempt(client, action) is None
    called = set(client.failing.calls)
    if action == "follow the catalog":
        called.discard("dynamodb.BatchGetItem")  # only if photos have changed in the seconds before
    assert called == set(CALLS[action])


@pytest.mark.parametrize(("action", "operation"), CASES)
def test_what_passes_is_not_noticed(client: Client, backend: Backend, action: str, operation: str) -> None:
    for kind in ("lost",) if action in SLOW else ("lost", kind_of(action, operation, ONCE)):
        if (operation, kind) == ("sqs.DeleteMessage", "lost"):
            continue  # the local AWS refuses to delete a message twice, where SQS does not mind
        prepared(client, backend, action)
        client.failing.fail(operation, kind, "once")
        assert attempt(client, action) is None, kind
        client.failing.stop()
        assert client.failing.failed == 1


@pytest.mark.parametrize(("action", "operation"), CASES)
def test_what_lasts_is_told_with_a_fix_after_few_tries(
    client: Client, backend: Backend, action: str, operation: str
) -> None:
    kind = "throttled" if action in SLOW else kind_of(action, operation, EVER)
    prepared(client, backend, action)
    client.failing.fail(operation, kind, "ever")
    error = attempt(client, action)
    client.failing.stop()
    assert error is not None
    assert isinstance(error, ToldError | EVER[kind])
    assert EVER[kind].default_fix in str(error)
    assert client.failing.failed <= AT_ONCE.get(action, 1) * SDK_TRIES
    assert backend.photos.read(client.photo) == pictures.jpeg(), "the original is there"


@pytest.mark.parametrize(("action", "operation"), CASES)
def test_what_is_denied_once_is_told_and_the_next_attempt_does_it(
    client: Client, backend: Backend, action: str, operation: str
) -> None:
    prepared(client, backend, action)
    client.failing.fail(operation, "denied", "once")
    error = attempt(client, action)
    client.failing.stop()
    assert isinstance(error, ToldError | errors.AccessDeniedError)
    if operation != "s3.HeadObject":  # a HEAD has no words
        assert errors.AccessDeniedError.default_fix in str(error)
    assert client.failing.failed == 1, "it is not tried again"
    if action in ("retry", "redrive", "follow", "move", "copy"):
        prepared(client, backend, action)
    assert attempt(client, action) is None


def test_after_all_of_it_the_photo_can_be_finished(client: Client, backend: Backend) -> None:
    client.failing.stop()
    list(client.workbench.photos.reconcile())
    assert backend.ended(client.photo.id)[client.photo.id].status is DONE


@pytest.mark.parametrize("operation", CALLS["reconcile"])
@pytest.mark.parametrize("kind", ["denied", "lost"])
def test_reconciling_goes_on_with_the_other_photos(
    client: Client, backend: Backend, fresh: str, operation: str, kind: str
) -> None:
    ids = {f"{fresh}/{number}.jpg" for number in range(2)}
    for object_id in ids:
        backend.put(object_id, pictures.jpeg())
    backend.ended(*ids)
    for object_id in ids:
        forget(backend, object_id)
    photos = client.workbench.photos
    client.failing.fail(operation, kind, "once")
    if kind == "denied" and operation in ("s3.ListObjectsV2", "dynamodb.BatchGetItem"):
        with pytest.raises(errors.AccessDeniedError, match=errors.AccessDeniedError.default_fix):
            list(photos.reconcile())
    else:
        told = [one for one in photos.reconcile() if one.photo_id in ids]
        assert {one.photo_id for one in told} == ids
        not_restarted = [one for one in told if isinstance(one, NotRestarted)]
        assert len(not_restarted) == (kind == "denied")
    client.failing.stop()
    assert client.failing.failed == 1

    again = [one for one in photos.reconcile() if one.photo_id in ids]

    assert [one for one in again if not isinstance(one, Restarted)] == []
    ended = backend.ended(*ids)
    assert {photo.status for photo in ended.values()} == {DONE}


def test_every_call_in_the_code_is_listed() -> None:
    services = {name for path in CLIENT.rglob("*.py") for name in _clients(path)}
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    known = {
        method: f"{service}.{api}"
        for service in services
        for method, api in session.client(service).meta.method_to_api_mapping.items()
    }
    found = {known[name] for path in CLIENT.rglob("*.py") for name in _names(path) if name in known}
    assert found >= NOT_LOCAL | OF_EXPRESS
    assert found - NOT_LOCAL - OF_EXPRESS <= {
        operation for operations in CALLS.values() for operation in operations
    }


def _clients(path: Path) -> list[str]:
    return re.findall(r"\.client\(\"([\w-]+)\"\)", path.read_text())


def _names(path: Path) -> Iterator[str]:
    """Yield the names of methods that a module calls, and of the operations that it has paged."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
            if node.func.attr == "get_paginator" and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
