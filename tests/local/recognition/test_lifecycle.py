"""Recognition comes and goes with the local AWS, which works without it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from imageproc.core import packaged_models
from imageproc.core.packaged_models import CLASSIFIER_FILE, MODEL_PACKAGE, model_file
from imageproc.errors import ModelsMissingError, StartError
from imageproc.local import LocalAws, LocalStatus
from imageproc.local.recognition import SWITCH, models, throttle
from imageproc.local.recognition.supervisor import MODULE
from tests import pictures
from tests.local.functions import Functions

NEEDS_MODELS = pytest.mark.skipif(bool(models.missing_packages()), reason="the models are not installed")
ASK = """
import boto3
def handler(event, context):
    client = boto3.client("rekognition")
    try:
        client.detect_labels(Image={"S3Object": {"Bucket": "bucket", "Name": "name"}})
    except client.exceptions.ClientError as error:
        meta = error.response["ResponseMetadata"]
        said = error.response["Error"]
        return [said["Code"], meta["HTTPStatusCode"], meta["RetryAttempts"], said["Message"]]
"""


def recognition_of(status: LocalStatus) -> list[psutil.Process]:
    """Return the recognition processes of a local AWS."""
    return [child for child in psutil.Process(status.pid).children() if is_recognition(child)]


def is_recognition(process: psutil.Process) -> bool:
    """Say whether it runs the models; a worker that is just ending has no command line any more."""
    try:
        return MODULE in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it does not become so"
        time.sleep(0.05)


@NEEDS_MODELS
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_ends_with_the_local_aws(own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.delenv(SWITCH)
    said: list[str] = []
    status = own_aws.start(progress=said.append)
    assert status.recognition
    assert not [line for line in said if "labels" in line]
    (process,) = recognition_of(status)
    if end == "stop":
        own_aws.stop()
    else:
        psutil.Process(status.pid).kill()
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


@NEEDS_MODELS
def test_one_that_is_killed_is_started_again_and_the_status_tells(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    status = own_aws.start()
    rekognition = status.session().client("rekognition")
    rekognition.detect_labels(Image={"Bytes": pictures.jpeg()})
    (process,) = recognition_of(status)
    process.kill()
    until(lambda: not own_aws.status().recognition)
    until(lambda: own_aws.status().recognition)
    assert "Labels" in rekognition.detect_labels(Image={"Bytes": pictures.jpeg()})


@NEEDS_MODELS
def test_it_is_given_no_key_of_the_local_aws(local_aws: LocalStatus) -> None:
    (process,) = recognition_of(local_aws)
    assert local_aws.credentials is not None
    environment = process.environ()
    assert not [name for name in environment if name.startswith("AWS_") and "KEY" in name]
    assert local_aws.credentials.secret_access_key not in environment.values()
    assert not [one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN]


@NEEDS_MODELS
@pytest.mark.skipif(sys.platform != "linux", reason="how memory is given back is the C library's matter")
def test_memory_that_large_pictures_took_is_given_back(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    status = own_aws.start()
    rekognition = status.session().client("rekognition")
    rekognition.detect_labels(Image={"Bytes": pictures.jpeg()})
    (process,) = recognition_of(status)
    before = process.memory_info().rss
    large = pictures.png((10_000, 8_000), "RGB")  # 320 MB decoded
    with ThreadPoolExecutor(4) as pool:
        # What follows a PNG's end is not looked at: each is another file.
        list(pool.map(lambda n: rekognition.detect_labels(Image={"Bytes": large + bytes(n)}), range(4)))
    # Left to itself the C library keeps 350 MB.
    assert process.memory_info().rss - before < 120_000_000


def test_switched_off_it_is_unavailable_at_once(own_aws: LocalAws) -> None:
    said: list[str] = []
    status = own_aws.start(progress=said.append)
    assert not status.recognition
    assert recognition_of(status) == []
    assert [line for line in said if "Photos get no labels" in line and SWITCH in line]
    functions = Functions(status.session())
    answer = functions.invoke(functions.make(ASK, actions=["rekognition:DetectLabels"]))
    assert answer[:3] == ["RecognitionUnavailable", 501, 0]
    assert SWITCH in answer[3]


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan", "inf"])
def test_a_rate_that_is_no_number_is_an_error_when_it_is_started(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(throttle.SETTING, text)
    with pytest.raises(StartError, match=f"{throttle.SETTING} must be a number of requests above 0"):
        own_aws.start()
    assert not own_aws.status().running


def test_requests_above_the_rate_are_throttled_as_the_sdk_knows_it(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(throttle.SETTING, "0.5")
    status = own_aws.start()
    clients = [
        status.session().client(
            "rekognition", config=Config(retries={"mode": "standard", "total_max_attempts": attempts})
        )
        for attempts in (1, 9)
    ]

    def ask(client: Any) -> tuple[str, int, int]:
        with pytest.raises(ClientError) as caught:
            client.detect_labels(Image={"Bytes": pictures.jpeg()})
        meta = caught.value.response["ResponseMetadata"]
        return caught.value.response["Error"]["Code"], meta["HTTPStatusCode"], meta["RetryAttempts"]

    # There are no models here: who is not throttled learns that, and the SDK does not ask again.
    assert ask(clients[0]) == ("RecognitionUnavailable", 501, 0)
    assert ask(clients[0]) == ("ThrottlingException", 400, 0)
    code, _, retries = ask(clients[1])
    assert (code, retries > 0) == ("RecognitionUnavailable", True), "a request was let in while it waited"


def test_without_the_packages_the_install_command_is_said_once(
    own_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The server finds this first on its path: it hides the package with the models.
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'cv2' else find(name, *a)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hide"))
    monkeypatch.delenv(SWITCH)
    said: list[str] = []
    status = own_aws.start(progress=said.append)
    own_aws.start(progress=said.append)
    assert status.running
    assert not status.recognition
    assert len([line for line in said if "pip install 'imageproc[recognition]'" in line]) == 1
    assert "cv2" in status.why_no_recognition
    assert len([line for line in own_aws.logs() if "pip install" in line]) == 1


def test_looking_for_the_models_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (MODEL_PACKAGE, *models.RUNTIMES):
        monkeypatch.delitem(sys.modules, name, raising=False)
    models.missing_packages()
    assert MODEL_PACKAGE not in sys.modules
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    monkeypatch.setattr(packaged_models, "find_spec", lambda name: None)
    assert models.missing_packages() == [MODEL_PACKAGE, *models.RUNTIMES]
    with pytest.raises(ModelsMissingError, match=r"imageproc\[recognition\]"):
        models.require_packages()
    with pytest.raises(ModelsMissingError, match=r"imageproc\[recognition\]"):
        model_file(CLASSIFIER_FILE)
