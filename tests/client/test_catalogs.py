"""Where a stack's catalog lies, what is told of its first fill, and its export to S3."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from imageproc.catalog.filling import FillProgress
from imageproc.client.catalogs import catalogs_folder, cost_of, remove_catalogs
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.errors import CatalogError, InvalidArgumentError
from tests.client.conftest import Backend

HALF = FillProgress(1000, 4000, 250_000)


def test_it_lies_in_the_users_cache_by_account_and_region(backend: Backend) -> None:
    folder = backend.workbench.catalog.folder
    assert folder.parent.name == "123456789012-eu-west-1"
    assert folder.parent.parent == Path(catalogs_folder(backend.stack.target)).parent
    assert folder.name.startswith("imageproc-")
    assert not backend.workbench.catalog.is_made


def test_a_local_one_lies_in_the_state_directory(session: boto3.Session, tmp_path: Path) -> None:
    assert catalogs_folder(Target(LOCAL, session, "http://x", state_dir=tmp_path)) == tmp_path / "catalog"


def test_another_table_of_the_same_name_has_another(backend: Backend) -> None:
    backend.write("cat.jpg")
    assert len(backend.workbench.photos) == 1
    dynamodb, stack = backend.stack.client("dynamodb"), backend.stack
    table = dynamodb.describe_table(TableName=stack.image_table)["Table"]
    dynamodb.delete_table(TableName=stack.image_table)
    dynamodb.create_table(
        TableName=stack.image_table,
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        GlobalSecondaryIndexes=[
            {name: one[name] for name in ("IndexName", "KeySchema", "Projection")}
            for one in table["GlobalSecondaryIndexes"]
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    other = Workbench(stack.target)
    other.stack.outputs = dict(stack.outputs)
    assert len(other.photos) == 0
    assert other.catalog.folder != backend.workbench.catalog.folder


def test_the_outputs_are_read_again_where_it_went_with_its_stack(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.write("cat.jpg")
    forgot: list[str] = []
    monkeypatch.setattr(backend.stack, "forget_outputs", lambda: forgot.append("outputs"))
    photos = backend.workbench.photos
    assert len(photos) == 1
    assert (len(photos), forgot) == (1, [])
    remove_catalogs(backend.stack.target, backend.stack.name)
    assert (len(photos), forgot) == (1, ["outputs"])
    assert (len(photos), forgot) == (1, ["outputs"])


def test_only_catalogs_of_that_stack_are_removed(backend: Backend) -> None:
    base = catalogs_folder(backend.stack.target)
    digest = "0123456789abcdef"
    for name in (f"one-{digest}", f"one-two-{digest}", "one-two", "other"):
        (base / name).mkdir(parents=True)
    remove_catalogs(backend.stack.target, "one")
    assert sorted(path.name for path in base.iterdir()) == ["one-two", f"one-two-{digest}", "other"]


def test_a_stack_without_the_index_says_to_deploy_again(backend: Backend) -> None:
    backend.stack.client("dynamodb").update_table(
        TableName=backend.stack.image_table,
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "changeShard-changeTime-index"}}],
    )
    with pytest.raises(CatalogError, match="imageproc deploy"):
        len(backend.workbench.photos)


def test_a_first_fill_says_what_it_costs(backend: Backend, session: boto3.Session) -> None:
    assert "about 0.03 USD" in cost_of(HALF, backend.stack.target)
    assert "costs nothing" in cost_of(HALF, Target(LOCAL, session, "http://x"))


def test_a_long_fill_is_told_on_standard_error(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    tell = backend.workbench.catalog.notify
    tell(FillProgress(0, 100, 5))
    assert capsys.readouterr().err == ""
    tell(HALF)
    tell(FillProgress(4000, 4000, 250_000, done=True))
    told = capsys.readouterr().err
    assert told.splitlines()[0].endswith("for reading the table.")
    assert "1,000 of about 4,000" in told
    assert told.endswith("4,000 of about 4,000\n")


def test_it_is_exported_as_parquet(backend: Backend) -> None:
    backend.write("cat.jpg")
    exported = backend.workbench.catalog.export("s3://photos/catalog/")
    found = backend.stack.client("s3").list_objects_v2(Bucket="photos", Prefix="catalog/")["Contents"]
    prefix = exported.location.removeprefix("s3://photos/")
    assert sorted(one["Key"] for one in found) == [
        f"{prefix}/{table}/{table}.parquet" for table in ("albums", "records", "tags")
    ]
    assert sum(one["Size"] for one in found) == exported.size
    assert {path.suffix for path in backend.workbench.catalog.folder.iterdir()} <= {".sqlite", ".duckdb", ""}


@pytest.mark.parametrize("url", ["photos/catalog", "https://photos", "s3://", "s3://A/x"])
def test_another_kind_of_address_is_refused(backend: Backend, url: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"s3://bucket/folder"):
        backend.workbench.catalog.export(url)
