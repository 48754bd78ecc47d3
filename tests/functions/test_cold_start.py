"""What a function loads before its first invocation: every module and every client is waited for."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CALLS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "reliability" / "calls.json").read_text()
)["functions"]
"""What each function calls: clients for these are made, and no others."""

MODULES = {
    "BeginPhoto": "begin_photo",
    "CreateS3EventTrigger": "create_s3_event_trigger",
    "DescribeExecution": "describe_execution",
    "EmbedImage": "embed_image",
    "ExtractImageMetadata": "extract_image_metadata",
    "GenerateThumbnail": "generate_thumbnail",
    "ImageProcStartExecution": "start_execution",
    "RecordOutcome": "record_outcome",
    "Rekognition": "rekognition",
    "RekognitionOfRendition": "rekognition_of_rendition",
    "StoreImageMetadata": "store_image_metadata",
    "StoreRekognizedTags": "store_rekognized_tags",
}
IN_THE_LAYER = {
    "EmbedImage",
    "ExtractImageMetadata",
    "GenerateThumbnail",
    "RekognitionOfRendition",
}
CUSTOM_RESOURCES = {"CreateS3EventTrigger", "DescribeExecution"}
"""They run once in a deployment and answer on demand: nothing waits for them."""

# A module that Python's own start-up loads is no function's doing, and boto3 is in Lambda's runtime. It is
# loaded once, and each function starts in a fork.
_LOADED = """
import importlib, json, os, sys
import boto3, botocore.config, botocore.exceptions
before = set(sys.modules)
for module, environment in json.loads(sys.argv[1]):
    if os.fork():
        assert os.wait()[1] == 0, module
        continue
    os.environ.update(environment)
    importlib.import_module("imageproc.functions." + module)
    after = set(sys.modules) - before
    from imageproc.functions import clients as home
    clients = ("dynamodb", "rekognition", "s3", "stepfunctions")
    made = [name for name in clients if getattr(home, name).cache_info().currsize]
    print(json.dumps({"modules": sorted(after), "clients": made}), flush=True)
    os._exit(0)
"""
IN_LAMBDA = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}


@functools.cache
def all_loaded(*, in_lambda: bool) -> dict[str, Any]:
    """Return what each function loads, and the clients that it makes, by the function's name."""
    asked = [(module, IN_LAMBDA if in_lambda else {}) for module in MODULES.values()]
    known = {"AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-W", "error", "-c", _LOADED, json.dumps(asked)]
    answers = subprocess.check_output(command, env=known, text=True).splitlines()
    return dict(zip(MODULES, map(json.loads, answers), strict=True))


def test_every_function_is_looked_at() -> None:
    assert set(MODULES) == set(CALLS)


@pytest.mark.parametrize("function", MODULES)
def test_nothing_is_imported_that_the_function_does_not_need(function: str) -> None:
    modules = all_loaded(in_lambda=False)[function]["modules"]
    found = {name for name in modules if not name.startswith(("boto3.", "botocore."))}
    foreign = {name.split(".")[0] for name in found} - set(sys.stdlib_module_names) - {"imageproc"}
    assert foreign == ({"PIL", "piexif"} if function in IN_THE_LAYER else set())
    plugins = {name for name in found if name.startswith("PIL.") and name.endswith("Plugin")}
    assert plugins <= {"PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.TiffImagePlugin"}
    rooms = {name.split(".")[1] for name in found if name.startswith("imageproc.")}
    assert rooms <= {"aws", "core", "errors", "functions"}


@pytest.mark.parametrize("function", sorted(set(MODULES) - CUSTOM_RESOURCES))
def test_exactly_the_clients_that_it_calls_are_made_at_its_start(function: str) -> None:
    made = all_loaded(in_lambda=True)[function]["clients"]
    assert made == sorted({call.split(".")[0] for call in CALLS[function]})


def test_elsewhere_no_client_is_made_by_importing() -> None:
    assert [one["clients"] for one in all_loaded(in_lambda=False).values()] == [[]] * len(MODULES)
