"""Plan, apply and sweep the stack.

>>> clients = SessionClients(boto3.Session())  # doctest: +SKIP
>>> planned = plan(clients, Request("imageproc"))  # doctest: +SKIP
>>> for event in apply(clients, planned):  # doctest: +SKIP
...     print(event)

Functions take whatever hands out boto3 clients by `client(service)`: `SessionClients`, or the client side's
target. What can go wrong is a `DeploymentError`, or an `AwsError` of `imageproc.aws`.
"""

from imageproc.aws.clients import ClientFactory, SessionClients
from imageproc.deployment.apply import apply, outputs
from imageproc.deployment.archive import Package
from imageproc.deployment.artifacts import Artifacts
from imageproc.deployment.changes import Change, ParameterChange
from imageproc.deployment.errors import DeploymentError, DeploymentFailed
from imageproc.deployment.events import Deployed, Emptied, Event, Note, Removed, StackEvent, Swept, Uploaded
from imageproc.deployment.inventory import DataFound, Inventory, inventory
from imageproc.deployment.packaging import AWS, BuildTarget, Packages, build, local_target
from imageproc.deployment.plan import Plan, Request, discard, package_template, plan
from imageproc.deployment.sweep import destroy
from imageproc.deployment.template import assemble, read_sources

__all__ = [
    "AWS",
    "Artifacts",
    "BuildTarget",
    "Change",
    "ClientFactory",
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
    "Removed",
    "Request",
    "SessionClients",
    "StackEvent",
    "Swept",
    "Uploaded",
    "apply",
    "assemble",
    "build",
    "destroy",
    "discard",
    "inventory",
    "local_target",
    "outputs",
    "package_template",
    "plan",
    "read_sources",
]
