from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def test_the_parameters_that_are_documented_exist_with_these_defaults(template: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "deployment.md").read_text()
    table = page[page.index("| parameter |") : page.index("## With AWS's own tools")]
    first_column = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    documented = {name for cell in first_column for name in re.findall(r"`(\w+)`", cell)}
    parameters = template["Parameters"]
    assert documented == set(parameters)
    defaults = {name: str(one.get("Default", "")) for name, one in parameters.items()}
    assert (defaults["MaxLabels"], defaults["MinConfidence"], defaults["LogRetentionDays"]) == (
        "20",
        "55",
        "30",
    )


def test_what_cannot_be_changed_at_any_time_or_anywhere_is_said_where_it_is_chosen(template: Any) -> None:
    told = {name: one["Description"] for name, one in template["Parameters"].items()}
    assert "while no photo is processed" in told["RoleStrategy"]
    assert "while no photo is processed" in told["WorkflowType"]
    assert "not in China and GovCloud" in told["TestClientAccess"]
    assert (
        "imageproc package --data-retention"
        in template["Parameters"]["DataRetention"]["ConstraintDescription"]
    )


def test_the_alarms_that_are_documented_are_those_there_are(resources: Any) -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(\w+Alarm)` \|", text, re.MULTILINE))
    assert documented == {name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
