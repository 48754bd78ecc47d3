"""An account and a region of AWS, before the stack is deployed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.client.doctor.checks import Check, Outcome, checked, failed
from imageproc.client.doctor.kms_key import check_key
from imageproc.client.doctor.rights import check_rights
from imageproc.client.doctor.stack_name import check_name, check_state
from imageproc.client.target import Target
from imageproc.deployment import describe, read_sources
from imageproc.deployment.artifacts import default_bucket, exists
from imageproc.deployment.plan.quotas import bulk_concurrency, free_concurrency, functions_at_a_time
from imageproc.deployment.stack import code_bucket
from imageproc.deployment.template import declared_parameters
from imageproc.errors import AwsError, CredentialsInvalidError, EndpointUnreachableError, ImageprocError


def check_account(target: Target, stack: str, given: Mapping[str, str]) -> Iterator[Check]:
    """Yield the checks. Without credentials or with a name that no stack may have, nothing else is asked."""
    try:
        with translated("Asking whose account this is"):
            identity = target.client("sts").get_caller_identity()
    except AwsError as error:
        yield failed("credentials", error)
        return
    yield Check("credentials", Outcome.OK, f"{identity['Arn']} in {target.region}")
    named = check_name(stack)
    yield named
    if named.outcome is Outcome.PROBLEM:
        return
    aws = Aws(target)
    parameters = _parameters(aws, stack, given)
    yield from checked(
        {
            "stack": partial(check_state, aws, stack),
            "code bucket": partial(_code_bucket, aws, stack),
            "Rekognition": partial(_rekognition, target),
            "concurrency": partial(_concurrency, aws, parameters),
            "rights": partial(check_rights, target, identity["Arn"], stack),
            **({"KMS key": partial(check_key, target, key)} if (key := parameters["KmsKeyArn"]) else {}),
        }
    )


def _parameters(aws: Aws, stack: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the stack would have: given, present, or by default."""
    present: Mapping[str, str] = {}
    try:
        with translated(f"Looking for the stack {stack}"):
            state = describe(aws, stack)
        present = state.parameters if state else {}
    except ImageprocError:
        pass  # its own check says so
    declared = declared_parameters(read_sources().template)
    return {one.name: one.default or "" for one in declared} | {**present, **given}


def _code_bucket(aws: Aws, stack: str) -> Check:
    """Look at the bucket that code would be uploaded to. Raises BucketTakenError, AwsError."""
    with translated("Looking for the bucket for the code"):
        state = describe(aws, stack)
        present = code_bucket(aws, state.id) if state else None
        name = present or default_bucket(stack, aws.account, aws.region)
        there = exists(aws, name)
    return Check("code bucket", Outcome.OK, f"{name} {'is there' if there else 'will be made'}")


def _rekognition(target: Target) -> Check:
    """Ask Rekognition for something harmless. A refusal is an answer too: the service is there."""
    name, client = "Rekognition", target.client("rekognition")
    try:
        with translated("Asking Rekognition"):
            client.list_collections(MaxResults=1)
    except EndpointUnreachableError:
        regions = _regions(target, client.meta.partition)
        fix = f"Choose one of {', '.join(regions)}." if regions else "Choose another partition of AWS."
        found = f"Rekognition does not answer in {target.region}: photos would end INCOMPLETE, without tags."
        return Check(name, Outcome.PROBLEM, found, fix)
    except AwsError as error:
        if error.status == 0 or isinstance(error, CredentialsInvalidError):
            raise
    return Check(name, Outcome.OK, f"answers in {target.region}")


def _regions(target: Target, partition: str) -> list[str]:
    """Return the regions that have Rekognition, as the SDK knows them."""
    session: Any = target.session
    found: list[str] = session.get_available_regions("rekognition", partition)
    return [region for region in found if region != target.region]


def _concurrency(aws: Aws, parameters: Mapping[str, str | None]) -> Check:
    """Compare Lambda's quota with what bulk processing needs. Raises AwsError."""
    name, bulk, each = "concurrency", bulk_concurrency(parameters) or 0, functions_at_a_time(parameters)
    needed = each * bulk
    with translated("Asking Lambda for its quota"):
        free = free_concurrency(aws)
    if free is None:
        return Check(name, Outcome.UNKNOWN, "It takes lambda:GetAccountSettings to know the quota.")
    found = f"{free} functions at a time; BulkConcurrency={bulk} takes up to {needed}"
    if free >= needed:
        return Check(name, Outcome.OK, found)
    fix = (
        "Ask for more (Service Quotas, Lambda, Concurrent executions), or deploy with -p BulkConcurrency="
        f"{max(1, free // each)}."
    )
    return Check(name, Outcome.WARNING, found, fix)
