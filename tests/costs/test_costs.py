"""Bills: each line is a quantity times a price, and what is counted fits the template and the definition."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.cost import EXPRESS, VOLUMES, month
from benchmarks.record_usage import item_bytes, write_units
from imageproc.cli import imageproc
from imageproc.client import costs
from imageproc.client.photos.photo import Photo
from imageproc.core.record_codec import decode
from imageproc.costs import (
    DATE,
    PRICES,
    Bill,
    Design,
    estimate,
    original,
    ours,
    processing,
    processing_in_place,
    reprocessing,
    standing,
    storing,
)
from imageproc.costs.batches import Children, children
from imageproc.costs.bill import added
from imageproc.costs.designs import COLD_STARTS, FunctionUse
from imageproc.costs.estimate import _DEFAULTS
from imageproc.costs.words import brief, usd
from imageproc.deployment.template import read_sources
from scripts import cost_plot

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "explanation" / "cost.md").read_text()


def good_path() -> list[str]:
    """The states that a good photo enters, by the definition."""
    machine = json.loads(read_sources().definition)
    found, name = [], machine["StartAt"]
    while name:
        state = machine["States"][name]
        found.append(name)
        for branch in state.get("Branches", ()):
            inner = branch["StartAt"]
            while inner:
                found.append(inner)
                inner = branch["States"][inner].get("Next")
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next")
    return found


def test_the_page_for_an_hour_on_aws_says_what_the_command_says() -> None:
    page = (ROOT / "docs" / "explanation" / "aws-check.md").read_text()
    (photos, megabytes), *_ = re.findall(r"imageproc cost --photos (\d+) --megabytes (\d+)", page)
    found = estimate(int(photos), float(megabytes))
    rekognition = found.processing.total - found.processing.without("Rekognition").total
    assert f"The script processes {photos} photos at most" in page
    for amount in (found.processing.total, rekognition, found.standing.total):
        assert f"{amount:.2f} USD" in page or f"of which {amount:.2f} is for" in page


def more(design: Design) -> float:
    """What processing one photo more costs without Rekognition."""
    return processing(1, by=design).without("Rekognition").total


def test_a_line_is_a_quantity_times_a_price() -> None:
    bill = Bill.of({"transition": 8000, "image": 2, "get": 0})
    assert [(line.price.name, line.amount) for line in bill.lines] == [("transition", 0.2), ("image", 0.002)]
    assert bill.total == pytest.approx(0.202)
    assert bill.without("Rekognition").total == pytest.approx(0.2)
    assert added([bill, bill]).total == pytest.approx(0.404)
    with pytest.raises(KeyError):
        Bill.of({"transitions": 1})


def test_every_price_has_its_public_page_and_stands_in_the_docs() -> None:
    assert DATE in DOCS
    for price in PRICES.values():
        assert price.page.startswith("https://aws.amazon.com/")
        assert f"| {price.service} | {price.unit} |" in DOCS
        row = next(line for line in DOCS.splitlines() if f"| {price.service} | {price.unit} |" in line)
        assert str(price).partition(" ")[0] in row, price
        assert price.page in row


def test_a_good_photo_enters_the_states_of_the_definition_and_each_has_its_reason() -> None:
    assert sorted(ours().photo.transitions) == sorted(good_path())
    assert set(ours().photo.transitions.values()) == {1}
    for state in good_path():
        assert f"| `{state}` |" in DOCS


def test_the_functions_have_the_templates_memory_and_architecture() -> None:
    template = read_sources().template
    for name, use in ours().use({"Similarity": "Enabled"}).functions.items():
        found = re.search(rf"^  {name}Function:$.*?^      MemorySize: (\d+)$", template, re.M | re.S)
        assert found
        assert int(found[1]) == use.memory_mb, f"{name}: record the usage anew (benchmarks/record_usage.py)"
    declared = re.search(r"^      Architectures: \[(\w+)\]", template, re.M)
    assert declared
    assert declared[1] == ours().architecture


def test_a_function_is_billed_by_its_share_of_a_cpu_and_for_waiting() -> None:
    small = FunctionUse(1, 256, 10, 0, 0, {"dynamodb:UpdateItem": 2})
    assert small.billed_ms(4) == pytest.approx(10 * 1769 / 256 + 2 * 10)
    whole = FunctionUse(1, 1769, 10, 0, 1, {"s3:GetObject": 1})
    assert whole.billed_ms(4) == pytest.approx(10 + 30 + 4 * 20)
    assert FunctionUse(1, 3538, 10, 0, 0, {}).gb_seconds(4) == pytest.approx(3538 / 1024 * 0.01)


def test_a_cold_start_is_billed_like_the_invocation() -> None:
    cold, warm = (FunctionUse(1, 512, 10, init, 0, {}) for init in (200, 0))
    assert cold.gb_seconds(4) - warm.gb_seconds(4) == pytest.approx(COLD_STARTS * 0.5 * 0.2)
    assert all(one.init_ms > 0 for one in ours().photo.functions.values())


def test_requests_for_a_managed_keys_use_are_billed_once_for_each_role_that_uses_the_table() -> None:
    names = {"ImageProcStartExecution", "StoreImageMetadata", "StoreRekognizedTags", "GenerateThumbnail"}
    names |= {"Rekognition", "RecordOutcome"}
    assert ours().photo.key_requests == COLD_STARTS * len(names)
    assert processing(1_000).services["KMS"] == pytest.approx(COLD_STARTS * len(names) * 0.003)
    a_month = 730 * 12 * len(names)
    assert processing(10**7).services["KMS"] == pytest.approx(a_month * PRICES["key"].each), "every 5 minutes"
    assert "KMS" not in processing(1, by=original()).services
    template = read_sources().template
    assert len(re.findall("SSEType: KMS", template)) == 3, "the tables' key is a managed one"


def test_an_embedding_is_billed_where_photos_get_one() -> None:
    plain, embedded = (processing(1000, parameters={"Similarity": one}) for one in ("Disabled", "Enabled"))
    assert plain.total == processing(1000).total
    more = embedded.total - plain.total
    page = (ROOT / "docs" / "explanation" / "recognition.md").read_text()
    assert f"{more:.2f} USD for 1,000 photos" in page
    kept = storing(1000, parameters={"Similarity": "Enabled"}).total - storing(1000).total
    assert 0 < kept < 0.01
    assert reprocessing(1, parameters={"Similarity": "Enabled"}).total > reprocessing(1).total


def test_what_is_not_the_templates_default_is_named() -> None:
    template = read_sources().template
    page = (ROOT / "docs" / "explanation" / "cost.md").read_text()
    for name, value in _DEFAULTS.items():
        declared = re.search(rf"^  {name}:\n    Type: String\n    Default: (.*)$", template, re.M)
        assert declared, name
        assert declared[1].strip('"') == value, name
    assert estimate(1000, parameters=_DEFAULTS).settings_text == ""
    embedded = estimate(1000, parameters={"Similarity": "Enabled", "DataRetention": "Retain"})
    assert embedded.settings_text == " with Similarity=Enabled"
    assert f"1,000 photos cost {embedded.processing.total:.2f} USD in place of" in page


def test_bills_grow_with_photos_and_their_size() -> None:
    one, many = processing(1), processing(1000)
    assert many.total == pytest.approx(1000 * one.total)
    assert storing(10, 8).total > storing(10, 4).total > 0
    assert processing(1, rejected=True).without("Rekognition").total < one.without("Rekognition").total
    assert "Rekognition" not in processing(1, rejected=True).services


def test_parameters_change_what_stands_still() -> None:
    alone = standing().total
    assert standing({"Dashboard": "Enabled"}).total == pytest.approx(alone + 3)
    topic = {"AlarmTopicArn": "arn:aws:sns:x"}
    assert standing(topic).total == pytest.approx(alone + 0.3)
    assert standing(topic | EXPRESS).total == pytest.approx(alone + 0.4)
    declared = re.findall("Type: AWS::CloudWatch::Alarm", read_sources().template)
    assert len(declared) == 5, "one of them always, one only for Express, and all with a topic"
    assert estimate(1, 4, {"Tracing": "Active"}).processing.services["X-Ray"] == pytest.approx(5e-6)


def test_a_month_of_a_thousand_photos_is_at_most_half_the_originals() -> None:
    """Each photo more is not: the states that the data contract names alone cost more than half of it."""
    assert month(ours(), 1000).total <= 0.5 * month(original(), 1000).total
    assert 7 * PRICES["transition"].each > 0.5 * more(original())


def test_express_costs_at_most_half_of_the_original_at_every_volume() -> None:
    ratios = {many: month(ours(), many, EXPRESS).total / month(original(), many).total for many in VOLUMES}
    assert (VOLUMES[0], VOLUMES[-1]) == (100, 10**7)
    assert max(ratios.values()) <= 0.5
    assert f"at most {max(ratios.values()):.2f} of the original's" in DOCS
    for row in re.findall(r"^\| ([\d,]+) \| (.*) \|$", DOCS, re.M):
        many, cells = int(row[0].replace(",", "")), row[1].replace(",", "").split(" | ")
        bills = [month(original(), many), month(ours(), many), month(ours(), many, EXPRESS)]
        expected = [*(bill.total for bill in bills), ratios[many]]
        assert [float(cell) for cell in cells] == pytest.approx(expected, abs=0.006)
    assert cost_plot.FILE.read_text() == cost_plot.drawn(), "draw it anew: python -m scripts.cost_plot"


def test_an_express_workflow_is_billed_by_its_time_its_log_and_an_index() -> None:
    standard, express = (processing(1000, parameters=one).lines for one in ({}, EXPRESS))
    before, after = ({line.price.name: line.quantity for line in lines} for lines in (standard, express))
    assert before["transition"] == 8000
    assert "transition" not in after
    assert after["express-request"] == 1000
    seconds = ours().photo.express_seconds(4)
    assert seconds * 10 == pytest.approx(round(seconds * 10)), "rounded up to 100 ms"
    assert after["express-duration"] == pytest.approx(1000 * seconds / 16)
    assert after["log"] - before["log"] == pytest.approx(1000 * 450 * (5 * 8 + 2) / 1e9)
    assert after["write"] == before["write"] + 1000
    changed = {"transition", "express-request", "express-duration", "log", "write"}
    assert {name: after[name] for name in before.keys() - changed} == {
        name: before[name] for name in before.keys() - changed
    }


def test_a_bulk_run_of_express_children_costs_what_the_docs_say() -> None:
    express, standard = (reprocessing(10**6, parameters=one).without("Rekognition") for one in (EXPRESS, {}))
    assert express.total <= 0.1 * standard.total
    assert f"cost **{express.total:.0f} USD**" in DOCS
    assert f"**{standard.total:.0f}** with `STANDARD`: **{express.total / standard.total:.3f}**" in DOCS
    assert f"**batch of {children('EXPRESS').photos} photos**" in DOCS
    begun = {line.price.name: line.quantity for line in express.lines}
    assert (begun["transition"], begun["express-request"]) == (50_000, 50_000)
    assert ours().photo.again().functions.keys() - ours().photo.functions.keys() == {"BeginPhoto"}
    for name, prices in {
        "state transitions": ("transition",),
        "Express requests and time": ("express-request", "express-duration"),
        "functions": ("invocation", ours().architecture),
        "S3": ("put", "get"),
        "DynamoDB": ("write", "read"),
        "logs": ("log",),
    }.items():
        amounts = [
            sum(line.amount for line in bill.lines if line.price.name in prices)
            for bill in (standard, express)
        ]
        said = " | ".join(f"{amount:.2f}" if amount else "–" for amount in amounts)
        assert f"| {name} | {said} |" in DOCS


def test_photos_in_place_cost_what_the_docs_say() -> None:
    costs = [
        price(10**6, parameters=one).without("Rekognition").total
        for price in (processing_in_place, processing)
        for one in ({}, EXPRESS)
    ]
    assert re.search(
        r"costs \*\*{:.0f} USD\*\* with `STANDARD` and \*\*{:.0f} USD\*\* with `EXPRESS`, where uploads\s+"
        r"cost {:.0f} and {:.0f}".format(*costs),
        DOCS,
    )
    in_place, again = ours().photo.in_place(), ours().photo.again()
    first = {line.price.name: line.quantity for line in processing_in_place(1).lines}
    assert first["put"] == 2, "the pointer, and the thumbnail"
    assert first["transition"] == 8 + 4 + 1
    assert in_place.functions.keys() - again.functions.keys() == {"ImageProcStartExecution"}
    assert in_place.calls("s3:GetObject", "s3:GetObjectVersion") == pytest.approx(
        ours().photo.calls("s3:GetObject", "s3:GetObjectVersion") + 2
    ), "its event looks at the pointer, and the function that reads the headers reads it"


def test_a_child_is_what_the_bulk_definitions_say() -> None:
    """A photo enters four states around its own, as a Standard child's or as one of a batch."""
    assert children("STANDARD") == Children(1, 1, 4, 0)
    assert children("EXPRESS") == Children(20, 5, 4, 3)
    use = ours().photo.again()
    alone = use.seconds(4, cold=0) + 4 * 0.025
    of_batch = Children(20, 5, 4, 3).express_seconds(use, 4) * 20
    assert 4 * alone + 3 * 0.025 <= of_batch < 4 * alone + 3 * 0.025 + 0.1, "rounded up once for a batch"


def test_the_figures_in_the_docs_are_those_of_the_model() -> None:
    both = ours(), original()
    rows = {
        "**processing, once**": [processing(1000, by=one).total for one in both],
        "of it without Rekognition": [1000 * more(one) for one in both],
        "kept, a month": [storing(1000, by=one).total for one in both],
        "the stack alone, a month": [standing(by=one).total for one in both],
        "**a month of 1,000 photos, without Rekognition**": [month(one, 1000).total for one in both],
    }
    for name, expected in rows.items():
        (row,) = [line for line in DOCS.splitlines() if line.startswith(f"| {name} |")]
        said = [float(cell.strip(" *")) for cell in row.split("|")[2:4]]
        assert said == pytest.approx(expected, rel=0.01), f"docs/explanation/cost.md: {name}"
    assert (
        f"is met in a month of 1,000 photos ({month(ours(), 1000).total / month(original(), 1000).total:.2f})"
        in DOCS
    )
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"about {processing(1000).total:.2f} USD for 1,000" in readme
    assert f"at most {standing().total:.2f} USD a month" in readme


def test_an_items_size_is_counted_as_dynamodb_does() -> None:
    assert item_bytes({"ab": {"S": "é"}}) == 2 + 2
    assert item_bytes({"a": {"L": [{"S": "xy"}, {"BOOL": True}]}}) == 1 + 3 + (1 + 2) + (1 + 1)
    big = {"imageID": {"S": "x"}, "labels": {"S": "y" * 3000}}
    updates = Counter({"dynamodb:UpdateItem": 1})
    calls = {"GenerateThumbnail": updates, "ImageProcStartExecution": updates + updates}
    assert write_units(big, calls) == 2 * (1 + 1 + 3) + 1
    assert write_units(big, calls | {"Rekognition": updates}) == 2 * (1 + 1 + 3) + 2, "a turn, without index"


def test_an_albums_photos_are_as_many_and_as_large_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "parameters_of", lambda *_: {"Dashboard": "Enabled"})
    photos = [decode({"imageID": str(size), "fileSize": size}, Photo) for size in (1_000_000, 3_000_000)]
    found = costs.of_photos(None, photos)  # type: ignore[arg-type]
    assert (found.photos, found.megabytes) == (2, 2.0)
    assert found.standing.total > 3
    assert costs.of_photos(None, []).processing.total == 0  # type: ignore[arg-type]


def test_two_lines_say_it() -> None:
    alone, photos = brief(estimate(1000), local=True)
    assert alone.startswith("Nothing costs money here. On AWS")
    assert "1,000 photos of 4 MB" in photos
    assert "Nothing" not in brief(estimate(1000), local=False)[0]
    assert [usd(value) for value in (0, 1.234, 0.01234, 0.00001)] == [
        "0.00 USD",
        "1.23 USD",
        "0.012 USD",
        "less than 0.0001 USD",
    ]


def test_the_command_needs_no_stack_and_takes_no_nonsense() -> None:
    answer = CliRunner().invoke(imageproc, ["cost", "--photos", "10", "--json", "-p", "Dashboard=Enabled"])
    assert answer.exit_code == 0, answer.output
    lines = [json.loads(line) for line in answer.output.splitlines()]
    assert sum(line["usd"] for line in lines if line["service"] == "Rekognition") == pytest.approx(0.01)
    assert all(line["source"].startswith("https://aws.amazon.com/") for line in lines)
    assert "state transitions" in CliRunner().invoke(imageproc, ["cost"]).output
    assert CliRunner().invoke(imageproc, ["cost", "--photos", "-1"]).exit_code == 2
    assert CliRunner().invoke(imageproc, ["cost", "--user", "ann"]).exit_code == 2
    with pytest.raises(ValueError, match="cannot be priced"):
        estimate(-1)
