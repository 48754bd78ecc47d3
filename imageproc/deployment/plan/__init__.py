"""The fourth stage: what deploying would change, said by CloudFormation in a change set."""

from imageproc.deployment.plan.change_set import Change, ParameterChange
from imageproc.deployment.plan.planning import Plan, Request, discard, package_template, plan

__all__ = [
    "Change",
    "ParameterChange",
    "Plan",
    "Request",
    "discard",
    "package_template",
    "plan",
]
