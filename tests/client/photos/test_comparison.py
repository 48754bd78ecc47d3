"""What other settings of the recognition would give, from labels that are stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from imageproc import PhotoView
from imageproc.costs import reprocessing
from imageproc.errors import InvalidArgumentError, TargetError
from tests.client.conftest import Backend
from tests.client.photos.test_datasets import coco

PHOTOS = {"1.jpg": {"Dog": 95, "Grass": 60, "Cat": 56}, "2.jpg": {"Cat": 65}, "3.jpg": {}}


@pytest.fixture
def photos(backend: Backend) -> Iterator[PhotoView]:
    """Three photos, in a stack that is deployed with a MinConfidence of 55 and 3 labels at most."""
    for name, labels in PHOTOS.items():
        stored: Any = [{"name": tag, "confidence": sure, "boxes": []} for tag, sure in labels.items()]
        backend.write(f"a/{name}", labels=stored, tags=[*labels], fileSize=2_000_000)
    stack: Any = {"StackName": "imageproc", "StackId": "id", "StackStatus": "CREATE_COMPLETE"}
    deployed = {"MinConfidence": "55", "MaxLabels": "3"}
    stack["Parameters"] = [{"ParameterKey": one, "ParameterValue": value} for one, value in deployed.items()]
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        for _ in range(3):
            stubber.add_response("describe_stacks", {"Stacks": [{**stack, "CreationTime": 0}]})
        yield backend.workbench.photos.where()


def test_stricter_settings_are_told_by_what_is_stored_and_looser_ones_are_not(
    backend: Backend, photos: PhotoView, tmp_path: Path
) -> None:
    truth = coco(tmp_path, ("dog", "cat"), {"1.jpg": ["dog"], "2.jpg": ["cat"], "3.jpg": []})
    found = backend.workbench.compare(photos, {"MinConfidence": [40, 55, 70]}, truth=truth)
    looser, present, stricter = found
    assert (looser.is_known, looser.labels, looser.score) == (False, None, None)
    assert (present.is_present, present.labels, present.labelled) == (True, 4, 2)
    assert (stricter.labels, stricter.labelled) == (1, 1)
    assert [(one.score.precision, one.score.recall) for one in (present, stricter) if one.score] == [
        (2 / 3, 1),
        (1, 0.5),
    ]
    assert (present.again.total, stricter.again) == (0, reprocessing(3, 2.0))
    assert (found.photos, found.judged) == (3, 3)
    assert found.to_frame()["recall"].tolist()[1:] == [1, 0.5]
    html = found._repr_html_()
    assert "imageproc deploy -p MinConfidence=40, then imageproc reprocess --only tags for" in html
    assert "as deployed" in html
    assert repr(found) == "<Comparison of 3 settings for 3 photos: 2 can be told>"


def test_settings_are_compared_each_with_each(backend: Backend, photos: PhotoView) -> None:
    found = backend.workbench.compare(photos, {"MinConfidence": [55, 90], "MaxLabels": [1, 3, 5]})
    assert [one.labels for one in found] == [2, 4, None, 1, 1, None]
    assert [one.score for one in found] == [None] * 6
    assert "cannot be told" in found.notes()[0]


def test_without_a_truth_what_people_corrected_is(backend: Backend, photos: PhotoView) -> None:
    photos.photos.get("a/1.jpg").remove_label("Cat")
    photos.photos.catalog.sync()
    found = backend.workbench.compare(photos, {"MinConfidence": [55, 58]})
    assert found.judged == 1
    assert [(one.score.wrong, one.score.recall) for one in found if one.score] == [(1, 1), (0, 1)]


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({}, "no settings"),
        ({"MinConfidence": []}, "no settings"),
        ({"ThumbnailSize": [1]}, "'ThumbnailSize' cannot be compared"),
        ({"MinConfidence": [101]}, "MinConfidence cannot be 101"),
        ({"MinConfidence": ["70"]}, "cannot be '70'"),
        ({"MinConfidence": [float("nan")]}, "cannot be nan"),
        ({"MaxLabels": [0]}, "MaxLabels cannot be 0"),
        ({"MaxLabels": [1.5]}, "a whole number"),
    ],
)
def test_what_cannot_be_compared_is_refused(backend: Backend, settings: Any, cause: str) -> None:
    with pytest.raises(InvalidArgumentError, match=cause):
        backend.workbench.compare(backend.workbench.photos.where(), settings)


def test_a_stack_without_the_setting_is_told(backend: Backend) -> None:
    with Stubber(backend.stack.client("cloudformation")) as stubber:
        stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id x does not exist")
        with pytest.raises(TargetError, match="no parameter MinConfidence"):
            backend.workbench.compare(backend.workbench.photos.where(), {"MinConfidence": [60]})
