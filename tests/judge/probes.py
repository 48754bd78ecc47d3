"""What must be denied: what others do, what is another stack's, what nobody does, and wrong conditions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.judge.requests import EXECUTION, GUEST, SOURCE, Request, assume, event, of_type, through_key
from tests.judge.resolve import ACCOUNT, STACK, Deployment
from tests.judge.simulations import role_of

STRANGER = "999999999999"
_PHOTO = "${PhotoRepoS3Bucket.Arn}/Incoming/photo.jpg"
NOBODY_DOES = {
    "s3:DeleteObject": _PHOTO,
    "s3:DeleteObjectVersion": _PHOTO,
    "s3:PutObjectAcl": _PHOTO,
    "s3:GetObject": "${PhotoRepoS3Bucket.Arn}/Private/photo.jpg",
    "s3:PutBucketPolicy": "${PhotoRepoS3Bucket.Arn}",
    "s3:DeleteBucket": "${PhotoRepoS3Bucket.Arn}",
    "dynamodb:DeleteItem": "${ImageMetadataDDBTable.Arn}",
    "dynamodb:Scan": "${ImageMetadataDDBTable.Arn}",
    "dynamodb:PutItem": "${ImageMetadataDDBTable.Arn}",
    "dynamodb:UpdateItem": "${AlbumMetadataDDBTable.Arn}",
    "lambda:UpdateFunctionCode": "${ExtractImageMetadataFunction.Arn}",
    "states:RedriveExecution": EXECUTION % "ImageProcStateMachine",
    "states:UpdateStateMachine": "${ImageProcStateMachine}",
    "sqs:ReceiveMessage": "${StartExecutionDeadLetterQueue.Arn}",
    "logs:DeleteLogGroup": "${RekognitionLogGroup.Arn}",
    "iam:PassRole": "${StateMachineRole.Arn}",
    "iam:PutRolePolicy": "${StateMachineRole.Arn}",
}


def forbidden(deployment: Deployment, needed: Iterable[Request]) -> list[Request]:
    """Return what must be denied in a deployment where these requests are needed."""
    wanted = [one for one in needed if one.allowed and not one.who.endswith(".amazonaws.com")]
    return [
        *_of_others(deployment, wanted),
        *_of_another_stack(deployment, wanted),
        *(Request(who, *pair, allowed=False) for who in _all(deployment) for pair in NOBODY_DOES.items()),
        *_conditions(),
        *_of_source(deployment),
    ]


def _all(deployment: Deployment) -> list[str]:
    guests = [GUEST] if GUEST in deployment.resources else []
    functions = of_type(deployment, "AWS::Lambda::Function")
    return [*functions, *of_type(deployment, "AWS::StepFunctions::StateMachine"), *guests]


def _of_others(deployment: Deployment, wanted: list[Request]) -> Iterator[Request]:
    """Yield what somebody does and nobody else of the same role: for each of the others it is forbidden."""
    own = defaultdict(set)
    wanted = [one for one in wanted if not one.policy]  # a key's policy admits all of them
    for one in wanted:
        own[role_of(deployment, one.who)].add((one.action, deployment.text(one.resource)))
    done = {(one.action, deployment.text(one.resource)): one for one in wanted}
    for who in _all(deployment):
        for key, one in done.items():
            if key not in own[role_of(deployment, who)]:
                yield replace(one, who=who, allowed=False)


def _of_another_stack(deployment: Deployment, wanted: list[Request]) -> Iterator[Request]:
    """Yield the same requests about another stack's resources. What all stacks share is left out."""
    for one in wanted:
        if f"{STACK}-" in deployment.text(one.resource):
            yield replace(one, allowed=False, elsewhere=True)


def _of_source(deployment: Deployment) -> Iterator[Request]:
    """Yield what nobody may do where originals stay in another bucket, and what is not named of it."""
    for who in _all(deployment):
        for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObjectTagging"):
            yield Request(who, action, SOURCE, allowed=False)
        yield Request(who, "s3:ListBucket", "arn:aws:s3:::archive", allowed=False)
        for other in ("archive/2020", "archive/2019-old", "archive-2/2019"):
            yield Request(who, "s3:GetObject", f"arn:aws:s3:::{other}/photo.jpg", allowed=False)


def _conditions() -> Iterator[Request]:
    bucket, queue = "${PhotoRepoS3Bucket.Arn}", "${StartExecutionDeadLetterQueue.Arn}"
    plain = {"aws:SecureTransport": "false"}
    start = "ImageProcStartExecutionFunction"
    yield Request("ExtractImageMetadataFunction", "s3:GetObjectVersion", _PHOTO, allowed=False, context=plain)
    yield Request(start, "sqs:SendMessage", queue, allowed=False, context=plain)
    for what in ("Incoming/a1/photo.jpg", "Thumbnails/a1/photo.jpg"):
        for action in ("s3:GetObject", "s3:PutObject"):
            yield Request("BulkStateMachine", action, f"{bucket}/{what}", allowed=False)
    for prefix in ("Incoming/", "Bulk/"):
        here = {"s3:prefix": prefix}
        yield Request("BulkStateMachine", "s3:ListBucket", bucket, allowed=False, context=here)
    for machine in ("ImageProcStateMachine", "BulkStateMachine"):
        yield assume(machine, "states.amazonaws.com", allowed=False, context={"aws:SourceAccount": STRANGER})
        yield assume(machine, "lambda.amazonaws.com", allowed=False)
    yield assume("RekognitionFunction", "states.amazonaws.com", allowed=False)
    yield event("arn:aws:s3:::another-bucket", ACCOUNT, allowed=False)
    yield event(bucket, STRANGER, allowed=False)
    yield through_key(start, "Decrypt", "", allowed=False)
    yield through_key(start, "Decrypt", "ec2", allowed=False)
    yield through_key(start, "Decrypt", "s3", allowed=False, account=STRANGER)
    yield through_key(start, "ScheduleKeyDeletion", "s3", allowed=False)
