"""Photos exported as a data set, measured and corrected by it, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from imageproc import Workbench
from imageproc.cli.options import Connection
from imageproc.client.photos import comparison, recognitions
from imageproc.client.target import Target
from imageproc.core.keys import incoming_key
from tests import pictures
from tests.cli.conftest import Run, objects
from tests.client.conftest import Backend

BOX = {"left": 0.0, "top": 0.0, "width": 0.5, "height": 1.0, "confidence": 90.0}


@pytest.fixture
def trip(backend: Backend) -> Backend:
    labels: Any = [{"name": "Dog", "confidence": 90.0, "boxes": [BOX]}]
    size = {"width": 64, "height": 48}
    for name in ("1.jpg", "2.jpg"):
        backend.photo(f"t/{name}", dimensions=size, tags=["Dog"], labels=labels, imageFormat="JPEG")
    return backend


def test_photos_are_exported_and_measured_and_corrected_by_it(
    trip: Backend, run: Run, tmp_path: Path
) -> None:
    answer = run("export", "coco", tmp_path / "set", "--name", "1.jpg", "--confidence", "50")
    assert answer.stdout == f"{tmp_path / 'set'}: 1 photo, labels: 1 with a box, 0 without one.\n"
    assert run("label", "rename", "Dog", "Wolf", "1.jpg").exit_code == 0
    answer = run("evaluate", tmp_path / "set")
    assert answer.exit_code == 0, answer.output
    assert "t/1.jpg" in answer.stdout
    assert "1 photo judged." in answer.stdout
    rows = objects(run("evaluate", tmp_path / "set", "--machine", "--json"))
    assert {name: rows[0][name] for name in ("threshold", "label", "right", "wrong", "missed")} == {
        "threshold": 0.0,
        "label": None,
        "right": 1,
        "wrong": 0,
        "missed": 0,
    }
    (wolf, *_) = (row for row in objects(run("evaluate", "--json")) if row["label"] == "Wolf")
    assert wolf["missed"] == 1, "by what people corrected"
    assert run("label", "import", tmp_path / "set", "--by", "eva").stdout == "Corrected: 1 photo.\n"
    assert {one["tag"]: one["photos"] for one in objects(run("tags", "--json"))}["Dog"] == 2


def test_what_is_no_data_set_is_told(trip: Backend, run: Run, tmp_path: Path) -> None:
    assert "There is no data set in" in str(run("evaluate", tmp_path).exception)
    assert run("export", "labelme", tmp_path / "set").exit_code == 2


def test_settings_are_compared(trip: Backend, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "parameters_of", lambda _: {"MinConfidence": "80", "MaxLabels": "20"})
    rows = objects(run("compare", "MinConfidence=50,95", "--name", "1.jpg", "--json"))
    assert [(row["MinConfidence"], row["labels"]) for row in rows] == [(50, None), (95, 0)]
    answer = run("compare", "MinConfidence=80,50")
    assert "as deployed" in answer.stdout
    assert "imageproc deploy -p MinConfidence=50" in answer.stdout
    for wrong in (["compare"], ["compare", "MinConfidence"], ["compare", "MinConfidence=a"]):
        assert run(*wrong).exit_code == 2


def test_amazon_rekognition_is_compared_with_once_its_cost_is_agreed_to(
    trip: Backend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Workbench(Target("aws", boto3.Session("test", "test", region_name="eu-west-1")))
    monkeypatch.setattr(Connection, "beside", lambda *_: aws)
    monkeypatch.setattr(recognitions, "parameters_of", lambda _: {})
    trip.stack.client("s3").put_object(
        Bucket=trip.stack.bucket, Key=incoming_key("t/1.jpg"), Body=pictures.jpeg((90, 90))
    )
    command = ("compare", "--rekognition", "eu-west-1", "--name", "1.jpg")
    declined = str(run(*command).exception)
    assert "Asking Amazon Rekognition in eu-west-1 about 1 photo costs about 0.001 USD." in declined
    assert "--max-usd 0.001" in declined
    with Stubber(aws.target.client("rekognition")) as stubber:
        stubber.add_response("detect_labels", {"Labels": [{"Name": "Cat", "Confidence": 90.0}]})
        answer = run(*command, "--max-usd", "0.01", "--json")
    assert [(row["recognition"], row["labels"], row["usd"]) for row in objects(answer)] == [
        ("Amazon Rekognition in eu-west-1, recorded", 1, 0.001),
        ("Amazon Rekognition in eu-west-1", 1, 0.001),
    ]
    assert run("compare", "MinConfidence=50", "--rekognition", "eu-west-1").exit_code == 2
