"""Amazon Rekognition's labels beside those that are recorded, by the same truth and with what they cost."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image

from imageproc import PhotoView, Workbench
from imageproc.client.target import Target
from imageproc.core.keys import incoming_key
from imageproc.core.limits import REKOGNITION_MAX_REQUEST_BYTES
from imageproc.errors import AccessDeniedError, InvalidArgumentError
from tests import pictures
from tests.client.conftest import Backend
from tests.client.photos.test_datasets import coco

FILES = {name: pictures.jpeg((90 + number, 90)) for number, name in enumerate(("1.jpg", "2.jpg", "3.jpg"))}
"""Photos, all of which the local recognition takes for a dog."""


@pytest.fixture
def view(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> PhotoView:
    labels: Any = [{"name": "Dog", "confidence": 90, "boxes": []}]
    s3, bucket = backend.stack.client("s3"), backend.stack.bucket
    for name, data in FILES.items():
        backend.write(f"a/{name}", labels=labels, tags=["Dog"], fileSize=len(data))
        s3.put_object(Bucket=bucket, Key=incoming_key(f"a/{name}"), Body=data)
    monkeypatch.setattr(
        "imageproc.client.photos.recognitions.parameters_of", lambda _: {"MinConfidence": "60"}
    )
    return backend.workbench.photos.where().sort_by("name")


@pytest.fixture
def aws() -> Workbench:
    session = boto3.Session("test", "test", region_name="eu-west-1")
    return Workbench(Target("aws", session))


@pytest.fixture
def rekognition(aws: Workbench) -> Iterator[Stubber]:
    with Stubber(aws.target.client("rekognition")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def says(rekognition: Stubber, data: bytes, *names: str) -> None:
    found: Any = [{"Name": name, "Confidence": 80.0, "Instances": [], "Parents": []} for name in names]
    asked = {"Image": {"Bytes": data}, "MaxLabels": 20, "MinConfidence": 60.0}
    rekognition.add_response("detect_labels", {"Labels": found, "LabelModelVersion": "3.0"}, asked)


def test_both_are_measured_by_the_same_truth_and_cost_what_they_cost(
    backend: Backend, view: PhotoView, aws: Workbench, rekognition: Stubber, tmp_path: Path
) -> None:
    truth = coco(tmp_path, ("dog", "cat"), {"1.jpg": ["dog"], "2.jpg": ["cat"]})
    says(rekognition, FILES["1.jpg"], "Dog", "Cat")
    says(rekognition, FILES["2.jpg"], "Cat")
    found = backend.workbench.compare_recognition(view, aws, truth=truth, max_usd=0.01)
    assert (found.photos, found.judged, found.left_out) == (2, 2, {}), (
        "the third is not judged, nor asked about"
    )
    scores = [(one.score.precision, one.score.recall) for one in (found.recorded, found.other) if one.score]
    assert scores == [(0.5, 0.5), (2 / 3, 1)]
    assert (found.recorded.usd, found.other.usd) == (0.002, 0.002), "moto plays AWS"
    assert [label.name for label in found.other.labels["a/1.jpg"]] == ["Dog", "Cat"]
    assert found.to_frame()["labels"].tolist() == [2, 3]
    assert "Amazon Rekognition in eu-west-1" in found._repr_html_()
    assert "0.002 USD" in found._repr_html_()
    assert repr(found) == (
        "<RecognitionComparison of Amazon Rekognition in eu-west-1, recorded and "
        "Amazon Rekognition in eu-west-1 for 2 photos>"
    )


def test_nothing_is_asked_before_its_cost_is_agreed_to(
    backend: Backend, view: PhotoView, aws: Workbench, rekognition: Stubber
) -> None:
    for agreed in (0.0, 0.0029):
        with pytest.raises(InvalidArgumentError, match=r"about 3 photos costs about 0\.003 USD") as caught:
            backend.workbench.compare_recognition(view, aws, max_usd=agreed)
        assert "max_usd=0.003" in caught.value.fix


def test_the_local_aws_costs_nothing(backend: Backend, view: PhotoView) -> None:
    local = Workbench(Target("local", boto3.Session("test", "test", region_name="us-east-1")))
    with Stubber(local.target.client("rekognition")) as stubber:
        for data in FILES.values():
            says(stubber, data, "Dog")
        found = backend.workbench.compare_recognition(view, local)
    assert (found.other.name, found.other.count, found.other.usd) == ("the local AWS", 3, 0)


def test_what_rekognition_refuses_is_left_out_and_what_it_answered_before_an_outage_is_kept(
    backend: Backend, view: PhotoView, aws: Workbench, rekognition: Stubber
) -> None:
    rekognition.add_client_error("detect_labels", "InvalidImageFormatException", "Bad image", 400)
    says(rekognition, FILES["2.jpg"])
    rekognition.add_client_error("detect_labels", "AccessDeniedException", "Not you", 400)
    found = backend.workbench.compare_recognition(view, aws, max_usd=1)
    assert list(found.left_out) == ["a/1.jpg", "a/3.jpg"]
    assert (found.photos, found.recorded.count, found.other.count, found.other.usd) == (1, 1, 0, 0.001)
    assert "cannot be told" in " ".join(found.notes())
    assert "Left out: a/3.jpg: Asking Amazon Rekognition" in " ".join(found.notes())


def test_a_refusal_of_the_first_photo_is_an_error(
    backend: Backend, view: PhotoView, aws: Workbench, rekognition: Stubber
) -> None:
    rekognition.add_client_error("detect_labels", "AccessDeniedException", "Not you", 400)
    with pytest.raises(AccessDeniedError, match="Asking Amazon Rekognition in eu-west-1"):
        backend.workbench.compare_recognition(view, aws, max_usd=1)


@pytest.mark.parametrize(
    ("dimensions", "padding"), [((90, 90), REKOGNITION_MAX_REQUEST_BYTES), ((60, 60), 0)]
)
def test_what_a_request_does_not_take_is_sent_as_a_rendition(
    dimensions: tuple[int, int], padding: int, backend: Backend, view: PhotoView, aws: Workbench
) -> None:
    data = pictures.jpeg(dimensions) + bytes(padding)
    s3, bucket = backend.stack.client("s3"), backend.stack.bucket
    s3.put_object(Bucket=bucket, Key=incoming_key("a/1.jpg"), Body=data)
    backend.write("a/1.jpg", dimensions=dict(zip(("width", "height"), dimensions, strict=True)), tags=["Dog"])
    backend.workbench.catalog.sync()
    sent: list[bytes] = []
    client = aws.target.client("rekognition")
    client.meta.events.register(
        "provide-client-params.rekognition.DetectLabels",
        lambda params, **_: sent.append(params["Image"]["Bytes"]),
    )
    with Stubber(client) as stubber:
        stubber.add_response("detect_labels", {"Labels": []})
        backend.workbench.compare_recognition(view.limit(1), aws, max_usd=1)
    assert len(sent[0]) < REKOGNITION_MAX_REQUEST_BYTES
    assert min(Image.open(io.BytesIO(sent[0])).size) >= 80
