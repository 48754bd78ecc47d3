"""AWS's own command line deploys and updates the packaged template, as those do who have nothing of ours.

The steps of one stack's life, in order, with a photo that is uploaded and processed after each. What is only
looked at, boto3 reads: the AWS CLI takes more than a second to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imageproc.cli import imageproc
from imageproc.deployment.packaging import zips
from imageproc.deployment.packaging.archive import Package, package
from imageproc.local import LocalAws
from tests import pictures
from tests.flow.conftest import target_of

CLI = Path(__file__).parents[2] / ".venv-awscli" / "bin" / "aws"
STACK, CODE = "by-cli", "code-of-mine"
_SECONDS = 120.0

pytestmark = pytest.mark.skipif(not CLI.exists(), reason="no AWS CLI here: make .venv-awscli/.made")


@dataclass(frozen=True)
class AwsCli:
    """The AWS CLI on a local AWS, in a folder with the package."""

    environment: dict[str, str]
    folder: Path
    client: Callable[[str], Any]
    """Makes boto3's clients."""

    def attempt(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(CLI), *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def run(self, *arguments: object) -> Any:
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[", '"')) else done.stdout

    def package(self, *options: str) -> None:
        """Package for the local AWS, and have the AWS CLI upload what the template names."""
        made = CliRunner().invoke(
            imageproc, ["package", "--target", "local", "--output-dir", str(self.folder / "build"), *options]
        )
        assert made.exit_code == 0, made.output
        source, packaged = "build/image-processing.yaml", "packaged.yaml"
        options = ("--s3-bucket", CODE, "--template-file", source, "--output-template-file", packaged)
        self.run("cloudformation", "package", *options)

    def deploying(self, *overrides: str) -> list[object]:
        given = ["--parameter-overrides", *overrides] if overrides else []
        where = ["--template-file", "packaged.yaml", "--s3-bucket", CODE, "--stack-name", STACK]
        return ["cloudformation", "deploy", *where, "--capabilities", "CAPABILITY_IAM", *given]

    def outputs(self) -> dict[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def functions(self) -> dict[str, Any]:
        """Return the functions' settings by the ends of their names."""
        found = self.client("lambda").list_functions()["Functions"]
        return {one["FunctionName"].removeprefix(f"{STACK}-"): one for one in found}

    def processed(self, name: str) -> dict[str, Any]:
        """Upload a photo, wait until it is finished, and return its record."""
        outputs = self.outputs()
        bucket, metadata = outputs["S3PhotoRepoBucket"], {"userid": "ann", "albumid": "a1"}
        self.client("s3").put_object(
            Bucket=bucket, Key=f"Incoming/{name}", Body=pictures.jpeg(), Metadata=metadata
        )
        table, dynamodb = outputs["DDBImageMetadataTable"], self.client("dynamodb")
        deadline = time.monotonic() + _SECONDS
        record: dict[str, Any] = {}
        while time.monotonic() < deadline:
            answer = dynamodb.get_item(TableName=table, Key={"imageID": {"S": name}}, ConsistentRead=True)
            record = answer.get("Item", {})
            if record.get("status", {}).get("S") in {"SUCCEEDED", "INCOMPLETE", "FAILED", "REJECTED"}:
                return record
            time.sleep(0.2)
        raise AssertionError(f"{name} is never finished: {record}")


@pytest.fixture
def cli(own_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AwsCli:
    status = own_aws.start()
    keys = status.credentials
    assert keys is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    environment = {
        **kept,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": status.region,
        "AWS_ENDPOINT_URL": str(status.endpoint),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    environment["PYTHONPATH"] = str(impatient(tmp_path / "patience"))
    made = AwsCli(environment, tmp_path, target_of(status).client)
    made.client("s3").create_bucket(Bucket=CODE)
    return made


def impatient(folder: Path) -> Path:
    """Return a folder of modules by which the AWS CLI waits for one second between two looks, not for 30."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import time\nsleep = time.sleep\ntime.sleep = lambda seconds: sleep(min(seconds, 1))\n"
    )
    return folder


def with_a_line_more(build: Callable[..., Package], name: str) -> Callable[..., Package]:
    """Return what builds the same zip with one more file in it, as a change of the code would."""

    def changed(*arguments: Any, **options: Any) -> Package:
        built = build(*arguments, **options)
        return package(
            {**built.files, name: b"# changed\n"}, built.key.rpartition("/")[0] + "/", built.executable
        )

    return changed


@pytest.mark.timeout(900)
def test_a_stacks_life_by_the_aws_cli_alone(cli: AwsCli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.package()
    cli.run(*cli.deploying())
    made = cli.functions()
    assert "thumbnail" in cli.processed("created.jpg")

    functions, layer = zips.functions_package, zips.layer_package
    monkeypatch.setattr(zips, "functions_package", with_a_line_more(functions, "imageproc/core/changed.py"))
    monkeypatch.setattr(zips, "layer_package", with_a_line_more(layer, "python/changed.py"))
    cli.package()
    cli.run(*cli.deploying("MaxLabels=7", "Tracing=Active"))
    changed = cli.functions()
    for name, one in made.items():
        assert changed[name]["CodeSha256"] != one["CodeSha256"], name
    name = "ExtractImageMetadata"
    assert changed[name]["Layers"][0]["Arn"] != made[name]["Layers"][0]["Arn"]
    assert changed["Rekognition"]["Environment"]["Variables"]["MAX_LABELS"] == "7"
    assert {one["TracingConfig"]["Mode"] for one in changed.values()} == {"Active"}
    assert "thumbnail" in cli.processed("changed.jpg")

    refused = cli.attempt(*cli.deploying("DataRetention=Retain"))
    assert refused.returncode != 0
    assert "DataRetention" in refused.stderr
    cli.package("--data-retention", "Retain")
    cli.run(*cli.deploying("DataRetention=Retain"))
    kept = cli.functions()["Rekognition"]["Environment"]["Variables"]["MAX_LABELS"]
    assert kept == "7", "what is not given stays"
    assert "thumbnail" in cli.processed("retained.jpg")

    outputs = cli.outputs()
    cli.run("cloudformation", "delete-stack", "--stack-name", STACK)
    cli.run("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)
    assert not cli.functions()
    cli.client("s3").head_object(Bucket=outputs["S3PhotoRepoBucket"], Key="Thumbnails/retained.jpg")
    clean_up(cli, outputs["S3PhotoRepoBucket"], outputs["DDBImageMetadataTable"])


def clean_up(cli: AwsCli, bucket: str, table: str) -> None:
    """Delete by hand what the stack left: not before the bucket is empty and the table unprotected."""
    refused = cli.attempt("s3", "rb", f"s3://{bucket}")
    assert "BucketNotEmpty" in refused.stderr
    cli.run("s3", "rm", "--recursive", "--quiet", f"s3://{bucket}")
    assert "BucketNotEmpty" in cli.attempt("s3", "rb", f"s3://{bucket}").stderr, "versions are left"
    listed = cli.run("s3api", "list-object-versions", "--bucket", bucket)
    every = [*listed["Versions"], *listed["DeleteMarkers"]]
    all_versions = {"Objects": [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in every]}
    cli.run("s3api", "delete-objects", "--bucket", bucket, "--delete", json.dumps(all_versions))
    cli.run("s3", "rb", f"s3://{bucket}")

    delete = ["dynamodb", "delete-table", "--table-name", table]
    assert "protected against deletion" in cli.attempt(*delete).stderr
    cli.run("dynamodb", "update-table", "--no-deletion-protection-enabled", "--table-name", table)
    cli.run(*delete)
