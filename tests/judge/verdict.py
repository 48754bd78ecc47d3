"""What the judges said: asked in one run of Node, for every way in which the stack may be deployed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.judge.probes import forbidden
from tests.judge.requests import Request, needed
from tests.judge.resolve import ACCOUNT, REGION, Deployment
from tests.judge.simulations import as_simulation

HERE = Path(__file__).parent
OLDEST_NODE = 20
MACHINES = ("ImageProcStateMachine", "BulkStateMachine")

DEFAULT, HARDENED, GUESTS = "default", "hardened", "guests"
RULED: dict[str, dict[str, str]] = {
    DEFAULT: {},
    HARDENED: {
        "AccessLogsBucket": "access-logs",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
        "Dashboard": "Enabled",
        "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/photos",
        "StateMachineLogLevel": "ALL",
        "Tracing": "Active",
    },
    GUESTS: {"RoleStrategy": "Consolidated", "TestClientAccess": "Enabled", "SourceBucket": "archive/2019"},
}
"""The parameters with which cdk-nag judges: the defaults, all that protects, and all that opens."""

_ALL = {"Similarity": "Enabled", "Tracing": "Active", "TestClientAccess": "Enabled"}
DECIDED = {
    "PerFunction": _ALL,
    "Consolidated": {"RoleStrategy": "Consolidated", **_ALL},
    "in place": {"SourceBucket": "archive/2019"},
}
"""The parameters with which the IAM simulator decides about all requests."""
UNSEEN = {"StateMachineLogLevel": "OFF"}
"""Those with which it decides about what is needed alone: neither traced nor logged, without guests."""


@dataclass(frozen=True)
class Answer:
    """What one rule says of one resource: nothing failed, or these findings; `""` for the resource itself."""

    rule: str
    info: str
    resource: str
    type: str
    failed: tuple[str, ...]
    unread: str = ""
    """Why the rule could not read the resource."""


@dataclass(frozen=True)
class Decision:
    """What the simulator decided about a request, in a deployment of this name."""

    deployment: str
    request: Request
    result: str

    @property
    def right(self) -> bool:
        """Whether it is what it must be; an error is neither allowed nor denied."""
        allowed = {True: {"Allowed"}, False: {"ImplicitlyDenied", "ExplicitlyDenied"}}
        return self.result in allowed[self.request.allowed]


@dataclass(frozen=True)
class Verdict:
    """All that the judges said."""

    answers: Mapping[str, list[Answer]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    definitions: Mapping[str, list[str]] = field(default_factory=dict)


def absent() -> str | None:
    """Return what is missing to ask the judges, None if all is there."""
    missing = [name for name in ("node", "npm") if not shutil.which(name)]
    if missing:
        return f"{' and '.join(missing)} not found"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"node is {version}" if int(version[1:].split(".")[0]) < OLDEST_NODE else None


def versions() -> dict[str, str]:
    """Return the judges' versions as they are pinned."""
    found: dict[str, str] = json.loads((HERE / "package.json").read_text())["devDependencies"]
    return found


def judge(template: Mapping[str, Any]) -> Verdict:
    """Ask the judges about a packaged template."""
    asked = list(_requests(template))
    definitions = {
        f"{name}, {kind}": Deployment(template, {"WorkflowType": kind}).definition(name)
        for name in MACHINES
        for kind in ("STANDARD", "EXPRESS")
    }
    said = _ask(
        {
            "templates": {name: Deployment(template, given).as_template() for name, given in RULED.items()},
            "simulations": [as_simulation(deployment, request) for _, deployment, request in asked],
            "definitions": definitions,
        }
    )
    return Verdict(
        {name: [_answer(one) for one in answers] for name, answers in said["rules"].items()},
        [
            Decision(name, request, result)
            for (name, _, request), result in zip(asked, said["decisions"], strict=True)
        ],
        said["definitions"],
    )


def _requests(template: Mapping[str, Any]) -> Iterator[tuple[str, Deployment, Request]]:
    for name, parameters in DECIDED.items():
        deployment = Deployment(template, parameters)
        wanted = needed(deployment)
        for request in (*wanted, *forbidden(deployment, wanted)):
            yield name, deployment, request
    for request in needed(unseen := Deployment(template, UNSEEN)):
        yield "PerFunction, neither traced nor logged", unseen, request


def _answer(one: Mapping[str, Any]) -> Answer:
    return Answer(**{**one, "failed": tuple(one["failed"])})


def _ask(question: Mapping[str, Any]) -> Any:
    command = ["node", str(HERE / "judge.mjs")]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
