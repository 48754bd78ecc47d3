"""The command line on the local AWS, as a script would use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from imageproc.cli import imageproc
from imageproc.cli.problems import explained
from imageproc.local import LocalAws, LocalStatus
from tests import pictures
from tests.flow.conftest import Backend


@pytest.fixture
def run(backend: Backend, local_aws: LocalStatus, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.setenv("IMAGEPROC_STACK", backend.stack.name)
    monkeypatch.setenv("COLUMNS", "200")

    def invoked(*arguments: object, **options: Any) -> Result:
        return CliRunner().invoke(imageproc, [str(one) for one in arguments], **options)

    return invoked


def objects(answer: Result) -> list[Any]:
    """Return the JSON objects of standard output, one for each line."""
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_status_says_where_the_local_aws_is(run: Any, local_aws: LocalStatus) -> None:
    answer = run("local", "status", "--json")
    assert objects(answer)[0]["endpoint"] == local_aws.endpoint
    assert local_aws.credentials is not None
    assert local_aws.credentials.secret_access_key not in answer.output
    assert local_aws.endpoint in run("local", "status").stdout


def test_outputs_are_one_object(run: Any, backend: Backend) -> None:
    assert objects(run("outputs", "--json")) == [backend.stack.outputs]


def test_a_folder_is_uploaded_followed_listed_and_shown(run: Any, tmp_path: Path, fresh: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.jpg").write_bytes(pictures.jpeg(make="Canon", model="EOS R5"))
    (tmp_path / "sub" / "one.jpg").write_bytes(pictures.jpeg((100, 120)))
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / ".hidden.jpg").write_bytes(pictures.jpeg())

    sent = run("upload", tmp_path, "--user", fresh, "--album", "Trip", "--follow")

    assert sent.exit_code == 1, "one file was not sent"
    assert "2 uploaded" in sent.stdout
    assert "1 not sent" in sent.stdout
    assert "notes.txt" in sent.stderr.replace("\n", ""), "a long path is folded"
    album = objects(run("albums", "--user", fresh, "--json"))[0]
    assert album["name"] == "Trip"
    listed = objects(run("photos", "--user", fresh, "--album", "Trip", "--json"))
    assert sorted(one["dimensions"]["width"] for one in listed) == [100, 640]
    assert {one["albumID"] for one in listed} == {album["albumID"]}
    canon = next(one for one in listed if one["dimensions"]["width"] == 640)
    assert objects(run("show", canon["imageID"], "--json")) == [canon]
    name = canon["imageID"].rpartition("/")[2]
    shown = run("photos", "--user", fresh, "--album", "Trip").stdout
    assert "EOS R5" in shown
    assert "Amazon" in shown, "what the album costs on AWS"
    billed = objects(run("cost", "--user", fresh, "--album", "Trip", "--json"))
    assert [one["quantity"] for one in billed if one["service"] == "Rekognition"] == [len(listed)]
    assert "exifModel" in run("show", name).stdout

    again = run("upload", tmp_path / "one.jpg", "--user", fresh, "--album", "Trip", "--json")
    assert objects(again) == [{"file": str(tmp_path / "one.jpg"), "imageID": canon["imageID"], "sent": False}]


def test_executions_are_listed(run: Any, backend: Backend, fresh: str) -> None:
    backend.put(f"{fresh}.jpg", pictures.jpeg())
    backend.ended(f"{fresh}.jpg")
    listed = objects(run("executions", "--json", "--limit", "3"))
    assert 1 <= len(listed) <= 3
    assert set(listed[0]) == {"arn", "name", "status", "started", "stopped"}
    assert "EXECUTION" in run("executions").stdout


def test_a_second_deployment_says_that_nothing_changed(run: Any, backend: Backend) -> None:
    answer = run("deploy")
    assert answer.exit_code == 0, answer.output
    assert f"Nothing changed: the stack {backend.stack.name} is up to date." in answer.stdout


def test_a_plan_changes_nothing(run: Any) -> None:
    answer = run("deploy", "--plan", "-p", "LogRetentionDays=7")
    assert "Modify" in answer.stdout
    assert "Nothing was deployed; the uploaded code and template stay in the bucket " in answer.stdout
    assert "Nothing changed" in run("deploy").stdout


def test_a_removal_that_is_not_confirmed_removes_nothing(run: Any, backend: Backend) -> None:
    answer = run("destroy", input="yes\n")
    assert answer.exit_code == 1
    assert backend.stack.bucket in answer.stdout
    assert objects(run("outputs", "--json")) == [backend.stack.outputs]


def test_a_missing_stack_is_an_error_that_names_the_fix(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        imageproc(["photos", "--stack-name", "nowhere"], standalone_mode=False)
    assert ended.value.code == 1
    error = capsys.readouterr()
    assert error.out == ""
    assert "nowhere" in error.err
    assert "Deploy it first" in error.err


def test_a_command_starts_a_local_aws_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("IMAGEPROC_RECOGNITION", "off")
    assert not LocalAws().status().running
    try:
        with pytest.raises(SystemExit), explained():
            imageproc(["photos"], standalone_mode=False)
        assert LocalAws().status().running
    finally:
        LocalAws().stop()
    told = capsys.readouterr().err
    assert "The local AWS runs at" in told
    assert "Deploy it first" in told, "there is no stack yet"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("upload", "/not/there"), "/not/there"),
        (("upload", ".", "--user", "Jörg"), "ASCII"),
        (("show", "no-such-photo"), "no-such-photo"),
        (("photos", "--album", "no-such-album"), "no-such-album"),
        (("deploy", "-p", "NoSuchParameter=1"), "NoSuchParameter"),
        (("deploy", "-p", "nonsense"), "NAME=VALUE"),
        (("retry",), "--all"),
        (("show", "-1.jpg"), "show -- -1.jpg"),
    ],
)
def test_bad_input_is_an_error_that_names_it(
    run: Any, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        imageproc(list(arguments), standalone_mode=False)
    assert ended.value.code in (1, 2)
    assert words in capsys.readouterr().err


def test_reconcile_and_retry_say_what_they_did(run: Any, backend: Backend, fresh: str) -> None:
    object_id = f"{fresh}.jpg"
    backend.put(object_id, pictures.jpeg())
    backend.execution(backend.ended(object_id)[object_id])
    backend.stack.client("dynamodb").delete_item(
        TableName=backend.stack.image_table, Key={"imageID": {"S": object_id}}
    )
    assert f"Started: {object_id} (no record)" in run("reconcile", "--follow").stdout
    # Its execution ends a moment after its record: until then a retry would find it still running.
    backend.execution(backend.ended(object_id)[object_id])
    table = backend.stack.client("dynamodb")
    table.update_item(
        TableName=backend.stack.image_table,
        Key={"imageID": {"S": object_id}},
        AttributeUpdates={"status": {"Value": {"S": "FAILED"}, "Action": "PUT"}},
    )
    assert f"Started: {object_id} (retried)" in run("retry", object_id, "--follow").stdout
    backend.put(f"{fresh}.txt", b"no photo")
    backend.ended(f"{fresh}.txt")
    refused = run("retry", f"{fresh}.txt")
    assert refused.exit_code == 1
    assert "rejected" in refused.stderr
