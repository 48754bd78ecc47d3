"""From the template to a running stack, and to nothing again, in stages; each folder is one.

::

    template/    the sources in cloudformation/ become one template that can be launched
    packaging/   the functions' code and the layer become zips, named by what is in them
    artifacts/   both are uploaded to S3, where CloudFormation reads them
    plan/        a stack that went wrong is brought back; then a change set says what would change
    apply.py     the change set is executed, and the stack's events are told as they come
    sweep/       a stack and all that belongs to it is removed

Each stage uses those above it alone. For the last three, `stack/` asks CloudFormation about a stack, and
`inventory/` looks up what it holds. `events.py` is what all of them yield; `export.py` writes the
result of the first stages to files, for the console.

>>> clients = SessionClients(boto3.Session())  # doctest: +SKIP
>>> planned = plan(clients, Request("imageproc"))  # doctest: +SKIP
>>> for event in apply(clients, planned):  # doctest: +SKIP
...     print(event)

Functions take whatever hands out boto3 clients by `client(service)`: `SessionClients`, or the client side's
target. What can go wrong is a `DeploymentError`, or an `AwsError` of `imageproc.aws`.
"""

from imageproc.aws.clients import ClientFactory, SessionClients
from imageproc.deployment.apply import apply, outputs
from imageproc.deployment.artifacts import Artifacts, check_stack_name
from imageproc.deployment.events import (
    CodeUploaded,
    Deployed,
    Emptied,
    Event,
    Note,
    Proposal,
    Removed,
    StackEvent,
    Swept,
    always,
    ignore,
)
from imageproc.deployment.export import write_package
from imageproc.deployment.inventory import DataFound, Inventory, inventory
from imageproc.deployment.packaging import AWS, BuildTarget, Package, Packages, build, local_target
from imageproc.deployment.plan import Change, ParameterChange, Plan, Request, discard, package_template, plan
from imageproc.deployment.stack import StackState, describe
from imageproc.deployment.sweep import destroy
from imageproc.deployment.template import Sources, assemble, read_sources
from imageproc.errors import DeploymentError, DeploymentFailed, PlanDeclinedError

__all__ = [
    "AWS",
    "Artifacts",
    "BuildTarget",
    "Change",
    "ClientFactory",
    "CodeUploaded",
    "DataFound",
    "Deployed",
    "DeploymentError",
    "DeploymentFailed",
    "Emptied",
    "Event",
    "Inventory",
    "Note",
    "Package",
    "Packages",
    "ParameterChange",
    "Plan",
    "PlanDeclinedError",
    "Proposal",
    "Removed",
    "Request",
    "SessionClients",
    "Sources",
    "StackEvent",
    "StackState",
    "Swept",
    "always",
    "apply",
    "assemble",
    "build",
    "check_stack_name",
    "describe",
    "destroy",
    "discard",
    "ignore",
    "inventory",
    "local_target",
    "outputs",
    "package_template",
    "plan",
    "read_sources",
    "write_package",
]
