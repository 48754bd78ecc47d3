"""The dashboard and the alarms, deployed where they are asked for."""

from __future__ import annotations

import json

from imageproc.client.stack import Stack
from imageproc.deployment import destroy
from imageproc.local import LocalStatus
from tests.flow.conftest import deploy, target_of

TOPIC = "arn:aws:sns:us-east-1:000000000000:operators"


def test_a_stack_that_asks_for_them_has_a_dashboard_and_alarms(local_aws: LocalStatus, fresh: str) -> None:
    target, name = target_of(local_aws), f"seen-{fresh}"
    deploy(target, name, Dashboard="Enabled", AlarmTopicArn=TOPIC)
    stack, cloudwatch = Stack(target, name), target.client("cloudwatch")

    dashboard = cloudwatch.get_dashboard(DashboardName=f"{name}-{target.region}")
    alarms = [
        alarm
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if alarm["AlarmName"].startswith(f"{name}-")
    ]

    body = json.loads(dashboard["DashboardBody"])
    assert "${" not in dashboard["DashboardBody"], "all names are filled in"
    assert stack.state_machine_arn in str(body["widgets"][1])
    assert {action for alarm in alarms for action in alarm["AlarmActions"]} == {TOPIC}
    assert {alarm["MetricName"] for alarm in alarms} == {
        "ApproximateNumberOfMessagesVisible",
        "Photos",
        "ExecutionsFailed",
    }
    list(destroy(target, name))
