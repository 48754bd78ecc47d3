"""Commands with a workbench that is made up: what they print, and what they do when nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.cli.following import exit_code, follow
from imageproc.cli.options import Connection
from imageproc.cli.output import console, errors, short_name
from imageproc.client.photos.failures import failures_of, grouped
from imageproc.client.photos.photo import Photo
from imageproc.client.uploads.events import ObjectVersion, PreparedFile, Uploaded
from imageproc.core.record import Status, StepError
from imageproc.core.record_codec import decode
from imageproc.costs import estimate
from imageproc.deployment import Plan
from imageproc.errors import ImageIdentifyError, PlanDeclinedError, RecognitionRefusedError
from tests.pictures import jpeg

CAUSE = "Rekognition cannot take this photo: The image has more than 15,728,640 bytes."


def photo(name: str, **stored: Any) -> Photo:
    return decode({"imageID": f"a/0123456789ab-{name}", "status": "SUCCEEDED", **stored}, Photo)


@pytest.fixture
def workbench(monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    made = MagicMock()
    monkeypatch.setattr(Connection, "workbench", made)
    monkeypatch.setattr(console, "width", 80, raising=False)
    return made


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(imageproc, list(arguments), input=given)


def test_a_mistyped_command_gets_the_right_one() -> None:
    answer = run("uplod", "x.jpg")
    assert answer.exit_code == 2
    assert "Did you mean 'upload'?" in answer.stderr


def test_the_end_of_the_input_removes_nothing_and_says_so(workbench: MagicMock) -> None:
    answer = run("destroy", given="")
    assert answer.exit_code == 1
    assert "There was no answer: nothing was removed. --yes" in answer.stderr
    assert not workbench.stack.destroy.called


def test_boxes_are_shown_in_words(workbench: MagicMock) -> None:
    box = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 90}
    labels = [{"name": "Dog", "confidence": 97.2, "boxes": [box]}, {"name": "Pet", "confidence": 90}]
    workbench.photos.find.return_value = photo("dog.jpg", labels=labels, exifModel="X1")
    lines = run("show", "dog.jpg").stdout.splitlines()
    assert "exifModel                   X1" in lines
    at = lines.index("labels                      Dog 97 %: 10% from left, 20% from top, 30% × 40%")
    assert lines[at + 1] == "                            Pet 90 %"


def test_errors_and_times_are_shown_in_words(workbench: MagicMock) -> None:
    error = {"step": "Rekognition", "name": "Denied", "cause": "Not allowed."}
    stored = {"status": "INCOMPLETE", "missing": {"tags": error}, "uploadTime": 1_400_000_000}
    workbench.photos.find.return_value = photo("dog.jpg", **stored)
    lines = run("show", "dog.jpg").stdout.splitlines()
    assert "missing                     tags: Rekognition: Denied: Not allowed." in lines
    assert "uploadTime                  2014-05-13T16:53:20Z" in lines
    workbench.photos.find.return_value = photo("dog.jpg", status="FAILED", error=error)
    lines = run("show", "dog.jpg").stdout.splitlines()
    assert "error                       Rekognition: Denied: Not allowed." in lines


def test_what_people_ask_first_of_a_record_comes_first(workbench: MagicMock) -> None:
    stored = {"changeShard": "s1", "changeTime": 1, "sequencer": "0A", "s3key": "k", "tags": {"Dog"}}
    workbench.photos.find.return_value = photo("dog.jpg", **stored)
    names = [line.split()[0] for line in run("show", "dog.jpg").stdout.splitlines()]
    assert names[:3] == ["imageID", "status", "tags"]
    assert "s3key" in names
    assert not {"changeShard", "changeTime", "sequencer"} & set(names)
    assert '"changeShard"' in run("show", "dog.jpg", "--json").stdout


def test_failed_photos_of_one_name_are_told_apart(workbench: MagicMock) -> None:
    late = {"step": "Rekognition", "name": "TransientServiceError", "cause": "slow down"}
    ids = [f"{album}/0123456789ab-cut.jpg" for album in ("a", "b")]
    found = [decode({"imageID": one, "status": "FAILED", "error": late}, Photo) for one in ids]
    workbench.photos.failures.return_value = grouped(failures_of(found))
    workbench.dead_letters.count.return_value = 0
    said = run("failures").stdout
    assert f"2 photos failed: {', '.join(ids)}\n" in said
    assert "imageproc retry PHOTO" in " ".join(said.split())


def test_names_stay_on_one_line_in_eighty_columns(workbench: MagicMock) -> None:
    stored = {
        "creationTime": "2014-05-18T16:20:05",
        "exifModel": "Canon EOS 5D Mark II",
        "tags": {"Vehicle", "Transportation", "Machine"},
    }
    long = "a photo from the long summer holidays.jpg"
    workbench.photos.where.return_value = MagicMock(
        **{"__iter__.return_value": iter([photo("astronaut.png", **stored), photo(long, **stored)])},
        selection=MagicMock(labels=()),
    )
    lines = run("photos").stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("astronaut.png ")
    (cut,) = [line for line in lines if "…" in line]
    assert cut.startswith("a photo")
    assert "holidays.jpg  SUCCEEDED" in cut


def test_what_lacks_its_command_or_its_option_gets_the_right_form() -> None:
    answer = run("label", "cat.jpg", "--add", "Kitty")
    assert answer.exit_code == 2
    assert "imageproc label add Kitty cat.jpg" in answer.stderr
    assert "Did you mean 'add'" in run("label", "ad", "Kitty", "cat.jpg").stderr
    for given, right in (("1000", "imageproc cost --photos 1000"), ("My Trip", "--album 'My Trip'")):
        answer = run("cost", given)
        assert answer.exit_code == 2
        assert right in answer.stderr


def test_failures_are_legible_in_eighty_columns(workbench: MagicMock) -> None:
    refused = {"step": "Rekognition", "name": RecognitionRefusedError.__name__, "cause": CAUSE}
    unknown = {
        "step": "ExtractImageMetadata",
        "name": ImageIdentifyError.__name__,
        "cause": "it looks like text",
    }
    found = [
        photo("huge.jpg", status="INCOMPLETE", missing={"tags": refused}),
        *(photo(f"{number}.txt", status="REJECTED", error=unknown) for number in range(5)),
    ]
    workbench.photos.failures.return_value = grouped(failures_of(found))
    workbench.dead_letters.count.return_value = 0
    assert run("failures").stdout.splitlines() == [
        "5 photos rejected: 0.txt, 1.txt, 2.txt and 2 more",
        "  ExtractImageMetadata: ImageIdentifyError: it looks like text",
        "  No other try can help.",
        "1 photo incomplete, no tags: huge.jpg",
        "  Rekognition: RecognitionRefusedError: Rekognition cannot take this photo: The ",
        "image has more than 15,728,640 bytes.",
        "  No other try can help.",
        "imageproc show PHOTO tells all of one: a name as above, or an ID as --json has ",
        "it.",
    ], "and no advice to retry what Rekognition refuses"


@pytest.mark.parametrize("given", ["", "n\n"], ids=["no answer", "no"])
def test_a_deployment_that_is_not_agreed_to_fails_and_removes_its_plan(
    workbench: MagicMock, given: str
) -> None:
    workbench.target.is_local = False
    workbench.cost.return_value = estimate(0)
    planned = Plan("photos", "id", "UPDATE", MagicMock(bucket="code"), "change-set")
    workbench.stack.plan.return_value = planned
    answer = run("deploy", given=given)
    assert answer.exit_code == 1
    assert "nothing was deployed; the uploaded code and template stay in the bucket code." in answer.stderr
    assert ("--yes does it without asking" in answer.stderr) is (given == "")
    workbench.stack.discard.assert_called_once_with(planned)
    assert not workbench.stack.apply.called


def test_what_a_plan_needs_is_asked_for_in_the_same_way(workbench: MagicMock) -> None:
    workbench.target.is_local = False

    def plan(*_: Any, confirm: Callable[[str], bool], **__: Any) -> Plan:
        assert not confirm("May the bucket be made?")
        raise PlanDeclinedError("The bucket was not made.")

    workbench.stack.plan = plan
    answer = run("deploy", given="")
    assert answer.exit_code == 1
    assert answer.stderr.endswith("\nError: The bucket was not made. Nothing was deployed.\n")


def test_a_followed_photos_long_name_is_cut_as_in_tables(workbench: MagicMock) -> None:
    long = f"{'holiday ' * 12}1.jpg"
    workbench.photos.follow.return_value = [photo(long, tags=["Dog"])]
    with console.capture() as shown:
        follow(workbench, ["any"])
    assert shown.get().split() == f"SUCCEEDED {short_name(long)} Dog".split()
    assert "…" in shown.get()


@pytest.mark.parametrize(
    ("status", "missing", "local", "expected"),
    [
        (Status.SUCCEEDED, "", False, 0),
        (Status.FAILED, "", False, 1),
        (Status.REJECTED, "", True, 1),
        (Status.INCOMPLETE, "RecognitionRefusedError", True, 1),
        (Status.INCOMPLETE, "RecognitionUnavailableError", True, 0),
        (Status.INCOMPLETE, "RecognitionUnavailableError", False, 1),
    ],
)
def test_the_exit_code_says_whether_followed_photos_succeeded(
    workbench: MagicMock, status: Status, missing: str, local: bool, expected: int
) -> None:
    workbench.stack.target.is_local = local
    errors_of = {"tags": StepError("Rekognition", missing, "because")} if missing else {}
    ended = [photo("fine.jpg"), replace(photo("a.jpg"), status=status, missing=errors_of)]
    with errors.capture() as said:
        assert exit_code(workbench, ended) == expected
    assert ("1 photo of 2 did not succeed: `imageproc failures` says why." in said.get()) == bool(expected)


def test_an_interrupted_upload_says_what_was_sent(workbench: MagicMock, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(jpeg())
    ready = [PreparedFile(path, path.name, 9, "image/jpeg") for path in sorted(tmp_path.iterdir())]

    def send(*_: Any, **__: Any) -> Iterator[Uploaded]:
        yield Uploaded(ready[0], ObjectVersion(None, 0))
        raise KeyboardInterrupt

    workbench.uploads.prepare.return_value = ready
    workbench.uploads.send = send
    answer = run("upload", str(tmp_path))
    assert answer.exit_code != 0
    assert "1 of 2 files are known to be uploaded. Run it again for the others" in answer.stderr
