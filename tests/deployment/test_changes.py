from __future__ import annotations

from typing import Any

from imageproc.deployment.plan.change_set import Change, changes, nothing_changed, parameter_changes


def test_resource_changes_become_data() -> None:
    page = {
        "Changes": [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": "Table",
                    "PhysicalResourceId": "demo-Table-1",
                    "ResourceType": "AWS::DynamoDB::Table",
                    "Replacement": "Conditional",
                    "Scope": ["Properties", "Tags"],
                },
            },
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Add",
                    "LogicalResourceId": "Q",
                    "ResourceType": "AWS::SQS::Queue",
                },
            },
        ]
    }

    assert changes([page, {"Changes": []}]) == (
        Change(
            "Modify", "Table", "AWS::DynamoDB::Table", "Conditional", ("Properties", "Tags"), "demo-Table-1"
        ),
        Change("Add", "Q", "AWS::SQS::Queue"),
    )


def test_losing_data_is_told() -> None:
    assert Change("Remove", "B", "AWS::S3::Bucket").loses_data
    assert Change("Modify", "T", "AWS::DynamoDB::Table", "True").loses_data
    assert not Change("Modify", "T", "AWS::DynamoDB::Table", "False").loses_data
    assert not Change("Remove", "Q", "AWS::SQS::Queue").loses_data


def test_a_change_set_that_failed_for_want_of_changes_is_told_from_others() -> None:
    assert nothing_changed("FAILED", "The submitted information didn't contain changes. Submit different ...")
    assert nothing_changed("FAILED", "No updates are to be performed.")
    assert not nothing_changed("FAILED", "Parameters: [X] must have values")
    assert not nothing_changed("CREATE_COMPLETE", "")


def test_parameters_that_get_other_values_are_told() -> None:
    wanted: list[dict[str, Any]] = [
        {"ParameterKey": "Tracing", "ParameterValue": "Active"},
        {"ParameterKey": "MaxLabels", "ParameterValue": "20"},
        {"ParameterKey": "DataRetention", "UsePreviousValue": True},
        {"ParameterKey": "New", "ParameterValue": "x"},
    ]
    present = {"Tracing": "", "MaxLabels": "20", "DataRetention": "Delete"}

    (found,) = parameter_changes(wanted, present)

    assert str(found) == "Tracing: (empty) -> Active"
