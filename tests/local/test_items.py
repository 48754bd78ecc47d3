"""DynamoDB's items are on disk as they are, though only those that changed are written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.local.saved_state import run_with_state

if TYPE_CHECKING:
    from pathlib import Path

BEGINNING = """
import asyncio, json, os, sys
from ministack import app
from ministack.core import persistence
from ministack.services import dynamodb
from imageproc.local.ministack_adapter import checkpoints, items

def ask(action, **request):
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    body = json.dumps(request).encode()
    status, _, body = asyncio.run(dynamodb.handle_request("POST", "/", headers, body, {}))
    return status, json.loads(body)

def key(one):
    return {"id": {"S": f"photo {one}"}, "part": {"N": str(one % 3)}}

def create(name):
    keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}]
    kinds = [{"AttributeName": one, "AttributeType": kind} for one, kind in (("id", "S"), ("part", "N"))]
    ask("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=keys,
        AttributeDefinitions=kinds)

def put(table, one, **more):
    return ask("PutItem", TableName=table, Item=key(one) | {"text": {"S": "\\u00e4\\u4e2d"}} | more)

written = []
def watched(file, identity, table, keys, write=items._write):
    written.extend(keys := list(keys))
    write(file, identity, table, keys)
items._write = watched

def save():
    checkpoints.save()
    count = len(written)
    written.clear()
    return count

def everything():
    tables = {}
    for _, table in dynamodb._tables.all_items():
        found = {f"{id}/{part}": one for id, parts in table["items"].items() for part, one in parts.items()}
        tables[table["TableName"]] = [found, table["ItemCount"]]
    return json.dumps(tables, sort_keys=True)
"""

CHANGED = """
kept = set(dynamodb.get_state())
items.save_changed_items()
assert set(dynamodb.get_state()) == kept, "MiniStack keeps something else of DynamoDB"
for name in ("photos", "albums", "gone"):
    create(name)
for one in range(50):
    nested = {"M": {"x": {"L": [{"N": "1"}]}}}
    put("photos", one, bytes={"B": "AAEC"}, names={"SS": ["a", "b"]}, nested=nested)
put("gone", 1)
counts = [save(), save()]
put("photos", 7, text={"S": "changed"})
ask("DeleteItem", TableName="photos", Key=key(8))
ask("UpdateItem", TableName="photos", Key=key(9), UpdateExpression="SET #t = :t",
    ExpressionAttributeNames={"#t": "text"}, ExpressionAttributeValues={":t": {"S": "updated"}})
written_by_batch = {"photos": [{"PutRequest": {"Item": key(100)}}, {"DeleteRequest": {"Key": key(10)}}]}
ask("BatchWriteItem", RequestItems=written_by_batch)
update = {"TableName": "photos", "Key": key(11), "UpdateExpression": "REMOVE nested"}
put_too = {"TableName": "albums", "Item": key(1)}
ask("TransactWriteItems", TransactItems=[{"Update": update}, {"Put": put_too}])
counts.append(save())
ask("DeleteTable", TableName="gone")
create("gone")
put("gone", 2)
counts.append(save())
print(json.dumps([counts, everything()]))
"""

REPLACED = """
items.save_changed_items()
create("photos")
for one in range(3):
    put("photos", one)
save()
_, backup = ask("CreateBackup", TableName="photos", BackupName="backup")
replaced = dynamodb._items_replaced
dynamodb._items_replaced = lambda table: (save(), replaced(table))  # between the two, as a thread may
status, _ = ask("RestoreTableFromBackup", TargetTableName="restored",
                BackupArn=backup["BackupDetails"]["BackupArn"])
assert status == 200, status
dynamodb._items_replaced = replaced
del dynamodb._tables["restored"]["items"]["photo 1"]
replaced(dynamodb._tables["restored"])
save()
print(json.dumps([[], everything()]))
"""

UNWRITTEN = """
items.save_changed_items()
create("photos")
put("photos", 1)
watched, items._write = items._write, None  # the disk is full, say
save()
items._write = watched
put("photos", 2)
print(json.dumps([[save(), save()], everything()]))
"""

KILLED = """
items.save_changed_items()
items.pack_all_items()
create("photos")
put("photos", 1)
put("photos", 2)
save()
put("photos", 3)
ask("DeleteItem", TableName="photos", Key=key(1))
put_too = [{"PutRequest": {"Item": key(one)}} for one in range(10, 35)]
ask("BatchWriteItem", RequestItems={"photos": put_too})
print(json.dumps([[], everything()]), flush=True)
os._exit(0)
"""

OLDER = """
create("photos")
put("photos", 1)
checkpoints.save()  # as MiniStack does it
print(json.dumps([[], everything()]))
"""

LOADED = """
items.save_changed_items()
app._load_persisted_state()
before, first, second = everything(), save(), save()
print(json.dumps([[first, second], before]))
"""


def _run(folder: Path, code: str) -> Any:
    return run_with_state(folder, BEGINNING + code)


def test_items_come_back_as_they_were_and_only_what_changed_is_written(tmp_path: Path) -> None:
    counts, before = _run(tmp_path, CHANGED)
    assert counts == [51, 0, 7, 1], "all, nothing, what changed, the table that was made anew"
    assert "updated" in before
    assert '"items"' not in (tmp_path / "dynamodb.json").read_text()
    written, after = _run(tmp_path, LOADED)
    assert (written, after) == ([0, 0], before)


def test_items_that_are_replaced_as_a_whole_are_written_as_a_whole(tmp_path: Path) -> None:
    _, before = _run(tmp_path, REPLACED)
    assert before.count("photo 2/2") == 2
    assert before.count("photo 1/1") == 1
    assert _run(tmp_path, LOADED)[1] == before


def test_what_could_not_be_written_is_written_the_next_time(tmp_path: Path) -> None:
    counts, before = _run(tmp_path, UNWRITTEN)
    assert counts == [2, 0]
    assert _run(tmp_path, LOADED)[1] == before


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    _, before = _run(tmp_path, KILLED)
    assert before.count("photo ") == 2 * 27, "as a key and in the item"
    assert "photo 1/" not in before
    _, after = _run(tmp_path, LOADED)
    assert json.loads(after)["photos"][0] == json.loads(before)["photos"][0]


def test_a_state_of_an_earlier_version_keeps_its_items(tmp_path: Path) -> None:
    _, before = _run(tmp_path, OLDER)
    written, after = _run(tmp_path, LOADED)
    assert (written, after) == ([1, 0], before)
    assert _run(tmp_path, LOADED)[1] == before
