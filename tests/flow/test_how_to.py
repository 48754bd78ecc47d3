"""What the how-to pages have their readers run, run as far as it can be without AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast
from urllib.request import urlopen

import click
import pytest
from PIL import Image

from imageproc.cli.commands import imageproc
from imageproc.client.photos import Photos
from imageproc.client.photos.photo import Photo
from imageproc.deployment.template import read_sources
from imageproc.local import LocalStatus
from tests import pictures
from tests.flow.conftest import DONE, Backend
from tests.flow.test_contributing import DIFFS

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs/how-to"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")


def blocks(page: str, language: str) -> list[str]:
    """Return a page's blocks of code in this language."""
    text = (HOW_TO / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def run(page: str, backend: Backend, **replaced: str) -> dict[str, Any]:
    """Run a page's Python, on the test's stack; return what it named."""
    code = "\n".join(blocks(page, "python"))
    assert code
    code = code.replace("Workbench.open()", f'Workbench.open(stack_name="{backend.stack.name}")')
    for old, new in replaced.items():
        assert old in code
        code = code.replace(old, new)
    names: dict[str, Any] = {}
    exec(compile(code, page, "exec"), names)
    return names


@pytest.fixture
def open_local(local_aws: LocalStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `Workbench.open()` find the local AWS of the tests."""
    monkeypatch.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))
    monkeypatch.setenv("IMAGEPROC_USER", "how-to")


def linted(template: Path) -> str:
    done = subprocess.run(
        [CFN_LINT, "--ignore-checks", "W1020", "--", template], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def ended(state_machine_arn: str, status: str) -> str:
    """Return the event that Step Functions sends.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = {"stateMachineArn": state_machine_arn, "status": status, "input": "{}", "output": None}
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail,
    }
    context = {"id": "1", "account": "123456789012", "time": "2026-01-01T00:00:00Z", "region": "eu-west-1"}
    return json.dumps(event | context | {"version": "0", "resources": [state_machine_arn]})


@pytest.mark.usefixtures("open_local")
def test_photos_of_another_bucket_are_imported(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    s3 = backend.stack.client("s3")
    s3.create_bucket(Bucket="how-to-archive")
    for name in ("2019/may/one.jpg", "2019/note.txt", "2018/no.jpg"):
        s3.put_object(Bucket="how-to-archive", Key=name, Body=pictures.jpeg(model="EOS R5"))
    named = run("import-photos.md", backend, **{"s3://my-archive/": "s3://how-to-archive/"})
    told = capsys.readouterr().out
    assert told.startswith("<ImportPlan s3://how-to-archive/2019/: 1 photo, 1 of them missing> {")
    assert "note.txt By its name" in told
    album = backend.workbench.albums.get("Archive", "how-to")
    (photo_id,) = (one.photo_id for one in backend.workbench.imports.run(named["plan"]) if one.photo_id)
    (photo,) = backend.ended(photo_id).values()
    assert (photo.status, photo.user, photo.album_id) == (DONE, "how-to", album.id)
    assert [one.id for one in backend.photos.in_album(album)] == [photo_id]
    assert photo_id in Path("archive.csv").read_text()


@pytest.mark.usefixtures("open_local")
def test_many_files_are_uploaded(backend: Backend, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(pictures.jpeg((60 + number, 50)))
    named = run("upload-many-files.md", backend, **{"~/Pictures": str(tmp_path), '"Archive"': '"Many"'})
    listed = backend.stack.client("s3").list_objects_v2(
        Bucket=backend.stack.bucket, Prefix=f"Incoming/{named['album'].id}/"
    )
    assert listed["KeyCount"] == 3


@pytest.mark.usefixtures("open_local")
def test_a_link_serves_the_photo_to_whoever_has_it(
    backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    data = pictures.jpeg((90, 70))
    album = backend.workbench.albums.get_or_create("Links", "how-to")
    backend.put(f"{album.id}/linked.jpg", data, "how-to", album.id)
    backend.ended(f"{album.id}/linked.jpg")
    run("share-by-link.md", backend, **{'"Trip"': '"Links"'})
    name, original, thumbnail = capsys.readouterr().out.split()
    assert name == "linked.jpg"
    with urlopen(original) as answer, urlopen(thumbnail) as small:
        assert answer.read() == data
        assert small.read()[:2] == b"\xff\xd8"


@pytest.mark.usefixtures("open_local")
def test_who_follows_is_told_of_every_photo(
    backend: Backend, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.put("told.jpg", pictures.jpeg())
    photo = backend.ended("told.jpg")["told.jpg"]
    asked: list[int] = []

    def where(photos: Photos, **conditions: Any) -> list[Photo]:
        """Find what has just finished, too: the page's question is asked, and its answer may come late."""
        asked.append(found(photos, **conditions).count())
        return [photo]

    found = Photos.where
    monkeypatch.setattr(Photos, "where", where)
    run("notify-when-done.md", backend)
    assert capsys.readouterr().out == f"told.jpg {DONE}\n"
    assert len(asked) == 1


def test_the_template_that_notifies_is_sound_and_can_be_made(backend: Backend, tmp_path: Path) -> None:
    (template,) = blocks("notify-when-done.md", "yaml")
    (tmp_path / "notify.yaml").write_text(template)
    assert linted(tmp_path / "notify.yaml") == ""
    cloudformation = backend.stack.client("cloudformation")
    arn = backend.stack.outputs["StateMachineArn"]
    cloudformation.create_stack(
        StackName="notify",
        TemplateBody=template,
        Parameters=[{"ParameterKey": "StateMachineArn", "ParameterValue": arn}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="notify", WaiterConfig={"Delay": 1})
    events = backend.stack.client("events")
    (rule,) = [one for one in events.list_rules()["Rules"] if "aws.states" in one.get("EventPattern", "")]

    def matches(event: str) -> bool:
        return bool(events.test_event_pattern(EventPattern=rule["EventPattern"], Event=event)["Result"])

    assert [matches(ended(arn, status)) for status in ("RUNNING", "SUCCEEDED", "FAILED")] == [
        False,
        True,
        True,
    ]
    assert not matches(ended(arn + "x", "FAILED"))
    cloudformation.delete_stack(StackName="notify")


def test_a_picture_in_another_format_becomes_a_photo_with_its_exif(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    picture = pictures.opened(pictures.jpeg(model="EOS R5"))
    picture.save(tmp_path / "photos/one.webp", exif=picture.getexif())
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("convert-other-formats.md", "python")
    exec(compile(code, "convert-other-formats.md", "exec"), {})
    with Image.open("photos/one.jpg") as made:
        assert (made.format, made.getexif()[0x0110]) == ("JPEG", "EOS R5")


def test_the_template_with_a_cdn_is_sound(tmp_path: Path) -> None:
    (diff,) = DIFFS.findall((HOW_TO / "serve-thumbnails-by-cdn.md").read_text())
    (tmp_path / "cloudformation").mkdir()
    template = tmp_path / "cloudformation/image-processing.yaml"
    template.write_text((ROOT / "cloudformation/image-processing.yaml").read_text())
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, env=environment, check=True)
    assert "AWS::CloudFront::Distribution" in template.read_text()
    assert linted(template) == ""


def test_every_command_of_a_page_exists_with_its_options() -> None:
    """None is run: the command and its options are looked up."""
    context = click.Context(imageproc)
    wrong = []
    for page in sorted(HOW_TO.glob("*.md")):
        for line in re.findall(r"^\$ imageproc (.+)$", "\n".join(blocks(page.name, "console")), re.M):
            words, command = line.partition(" #")[0].split(), cast("click.Command", imageproc)
            while isinstance(command, click.Group) and words and not words[0].startswith("-"):
                command = command.get_command(context, words.pop(0)) or pytest.fail(f"{page.name}: {line}")
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            wrong += [f"{page.name}: {word}" for word in words if word[0] == "-" and word not in known]
    assert wrong == []


def test_every_parameter_that_a_page_sets_exists() -> None:
    pages = "\n".join("\n".join(blocks(page.name, "console")) for page in sorted(HOW_TO.glob("*.md")))
    template = read_sources().template
    deployed = re.findall(r" -p (\w+)=", " ".join(re.findall(r"^\$ imageproc deploy .+$", pages, re.M)))
    assert len(deployed) > 2
    assert [name for name in deployed if f"\n  {name}:\n" not in template] == []
    for name, words in re.findall(r"^\$ imageproc run (\w+)(.*)$", pages, re.M):
        cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())["cells"]
        code = "".join(next(one["source"] for one in cells if one["cell_type"] == "code"))
        assert [one for one in re.findall(r"-p (\w+)", words) if f"\n{one}: " not in f"\n{code}"] == [], name
