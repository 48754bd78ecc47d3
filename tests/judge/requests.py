"""What roles and services ask of IAM, and what the answer must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from tests.judge.resolve import ACCOUNT, REGION, Deployment

RECORD = Path(__file__).with_name("accesses.txt")
"""What the functions and the guests asked for on a local AWS: who, action, resource."""

TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
MACHINES_TRACE = (*TRACE, "xray:GetSamplingRules", "xray:GetSamplingTargets")
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
DELIVER = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
GUEST = "TestClientIAMRole"
EXECUTION = "arn:aws:states:${AWS::Region}:${AWS::AccountId}:execution:${%s.Name}:one"
READERS = (
    "ExtractImageMetadataFunction",
    "RekognitionFunction",
    "RekognitionOfRenditionFunction",
    "GenerateThumbnailFunction",
)
SOURCE = "arn:aws:s3:::archive/2019/photo.jpg"
"""An original that stays in the bucket which `SourceBucket` names as `archive/2019`."""
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
RULE = (
    "arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
)


@dataclass(frozen=True)
class Request:
    """What somebody asks for: a function, a state machine, the guests' role, or a service.

    `resource` names the stack's own by variables, as `Fn::Sub` does; `policy` is the function or the state
    machine whose own policy, or whose role's trust policy, decides too; or the key.
    """

    who: str
    action: str
    resource: str
    allowed: bool = True
    context: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""
    elsewhere: bool = False
    """Whether it is about the same resource of another stack."""

    def __str__(self) -> str:
        """Return it in one line."""
        with_ = "".join(f", {key}={value}" for key, value in self.context.items())
        where = " of another stack" if self.elsewhere else ""
        return f"{self.who}: {self.action} on {self.resource}{where}{with_}"


def recorded() -> list[Request]:
    """Return what the functions and the guests did."""
    lines = RECORD.read_text().splitlines()
    fields = (line.split() for line in lines if not line.startswith("#"))
    return [Request(who, action, resource) for who, action, resource in fields]


def _made(deployment: Deployment, request: Request) -> bool:
    """Whether a deployment has who asks, and the functions that are asked for."""
    named = re.findall(r"\$\{(\w+Function)\.", request.resource)
    return all(name in deployment.resources for name in (request.who, *named))


def needed(deployment: Deployment) -> list[Request]:
    """Return all that must be allowed: what was recorded, and what no local AWS asks a policy about."""
    return [
        *(one for one in recorded() if _made(deployment, one)),
        *chain.from_iterable(_of_functions(deployment)),
        *(Request(who, "s3:GetObject", SOURCE) for who in READERS if deployment.parameters["SourceBucket"]),
        *_of_machine(deployment, "ImageProcStateMachine"),
        *_of_machine(deployment, "BulkStateMachine"),
        *_of_bulk(),
        *_of_services(),
        *_of_key(),
    ]


def of_type(deployment: Deployment, kind: str) -> list[str]:
    """Return the logical IDs of the resources of a type."""
    return [name for name, one in deployment.resources.items() if one["Type"] == kind]


def _of_functions(deployment: Deployment) -> Iterator[list[Request]]:
    traced = deployment.parameters["Tracing"] == "Active"
    for function in of_type(deployment, "AWS::Lambda::Function"):
        group = f"${{{function.removesuffix('Function')}LogGroup.Arn}}"
        yield [Request(function, f"logs:{action}", group) for action in ("CreateLogStream", "PutLogEvents")]
        yield [Request(function, action, "*", traced) for action in TRACE]
    yield [
        Request("ImageProcStartExecutionFunction", "sqs:SendMessage", "${StartExecutionDeadLetterQueue.Arn}"),
        # Rekognition's page names it; nobody but AWS knows whether a version needs it.
        Request("RekognitionFunction", "s3:GetObject", "${PhotoRepoS3Bucket.Arn}/Incoming/photo.jpg"),
    ]
    # S3 says 404 of a missing object, and not 403, to those who may list.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    yield [
        Request(who, "s3:ListBucket", "${PhotoRepoS3Bucket.Arn}")
        for who in (
            "ImageProcStartExecutionFunction",
            "ExtractImageMetadataFunction",
            "GenerateThumbnailFunction",
            "EmbedImageFunction",
            "RekognitionOfRenditionFunction",
            "BeginPhotoFunction",
        )
        if who in deployment.resources
    ]


def _of_machine(deployment: Deployment, machine: str) -> Iterator[Request]:
    """Yield what the definition calls by itself, and what delivering logs and tracing take."""
    for state in tasks(deployment.definition(machine)):
        if ":function:" in state["Resource"]:
            yield Request(machine, "lambda:InvokeFunction", state["Resource"])
        if state["Resource"].endswith(":dynamodb:updateItem"):
            context = {"dynamodb:LeadingKeys": "run/"}
            yield Request(machine, "dynamodb:UpdateItem", "${ImageMetadataDDBTable.Arn}", context=context)
    logged = deployment.parameters["StateMachineLogLevel"] != "OFF"
    traced = deployment.parameters["Tracing"] == "Active"
    yield from (Request(machine, action, "*", logged) for action in DELIVER)
    yield from (Request(machine, action, "*", traced) for action in MACHINES_TRACE)


def tasks(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the Task states of a definition, also those in branches and maps."""
    if isinstance(node, dict):
        if node.get("Type") == "Task":
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from tasks(each)


def _of_bulk() -> Iterator[Request]:
    """Yield what a Distributed Map and `startExecution.sync` take, as AWS's pages say.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """
    bulk, bucket = "BulkStateMachine", "${PhotoRepoS3Bucket.Arn}"
    yield Request(bulk, "s3:GetObject", f"{bucket}/Bulk/run/photos.jsonl")
    for action in ("PutObject", "GetObject", "AbortMultipartUpload", "ListMultipartUploadParts"):
        yield Request(bulk, f"s3:{action}", f"{bucket}/Bulk/run/SUCCEEDED_0.json")
    for machine in ("ImageProcStateMachine", bulk):
        yield Request(bulk, "states:StartExecution", f"${{{machine}}}")
    children = (EXECUTION % bulk).replace(":one", "/Photos:one")
    for execution in (EXECUTION % "ImageProcStateMachine", children):
        for action in ("DescribeExecution", "StopExecution"):
            yield Request(bulk, f"states:{action}", execution)
    for action in ("PutTargets", "PutRule", "DescribeRule"):
        yield Request(bulk, f"events:{action}", RULE)


def _of_services() -> Iterator[Request]:
    """Yield what AWS's services do in the stack's name: assume its roles, bring events."""
    for function in ("ImageProcStartExecutionFunction", "DescribeExecutionFunction"):
        yield assume(function, "lambda.amazonaws.com")
    for machine in ("ImageProcStateMachine", "BulkStateMachine"):
        yield assume(machine, "states.amazonaws.com", context={"aws:SourceAccount": ACCOUNT})
    yield event("${PhotoRepoS3Bucket.Arn}", ACCOUNT)


def _of_key() -> Iterator[Request]:
    """Yield what takes a key of the user's, whose policy docs/explanation/security.md has.

    Not that of CloudWatch Logs: the simulator leaves out context keys of an encryption context with colons.
    """
    for who, service in (
        ("GenerateThumbnailFunction", "s3"),
        ("BulkStateMachine", "s3"),
        ("RecordOutcomeFunction", "dynamodb"),
        ("ImageProcStartExecutionFunction", "sqs"),
        ("StoreImageMetadataFunction", "lambda"),
    ):
        for action in ("Decrypt", "GenerateDataKey"):
            yield through_key(who, action, service)


def through_key(
    who: str, action: str, service: str, *, allowed: bool = True, account: str = ACCOUNT
) -> Request:
    """Return a request for the key through a service, or directly if none is named."""
    context = {"kms:CallerAccount": account}
    if service:
        context["kms:ViaService"] = f"{service}.{REGION}.amazonaws.com"
    return Request(who, f"kms:{action}", KEY, allowed, context, KEY)


def assume(
    of: str, service: str, *, allowed: bool = True, context: Mapping[str, str] | None = None
) -> Request:
    """Return a service's request to assume the role of a function or a state machine."""
    return Request(service, "sts:AssumeRole", of, allowed, context or {}, of)


def event(bucket_arn: str, account: str, *, allowed: bool = True) -> Request:
    """Return S3's request to bring a bucket's event to the function that starts executions."""
    function = "ImageProcStartExecutionFunction"
    context = {"aws:SourceArn": bucket_arn, "aws:SourceAccount": account}
    resource = f"${{{function}.Arn}}"
    return Request("s3.amazonaws.com", "lambda:InvokeFunction", resource, allowed, context, function)
