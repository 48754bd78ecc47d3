"""What a role may do when a service acts by it: Step Functions by a machine's, Lambda by a function's.

MiniStack asks the policies about requests only. What it does itself, in a service's name, it asks them here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from imageproc.local.ministack_adapter import access

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[int, dict[str, str], Any]

_TRACE = "xray:PutTraceSegments"
_MAY_NOT_TRACE = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"


def parse_policies_once() -> None:
    """Keep a policy as it was parsed: MiniStack parses all of a caller's anew, twice for each request."""
    from ministack.core import iam_evaluator as iam

    parse = iam.parse_policy_document
    parsed = lru_cache(1000)(parse)

    def parse_policy_document(document: Any) -> Any:
        # Whoever gets the statements only reads them; the list is each one's own.
        return list(parsed(document)) if isinstance(document, str) else parse(document)

    iam.parse_policy_document = parse_policy_document


def refusal(role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None) -> str:
    """Return in IAM's words that a role may not do something; nothing if it may.

    `context` has the condition keys that the action brings, in small letters.
    """
    from ministack.core import iam_evaluator as iam
    from ministack.core.responses import get_account_id, get_region
    from ministack.services.iam import _roles

    account, name = get_account_id(), role_arn.rpartition("/")[2]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{name}"
    asked = iam.EvalContext(
        principal, "AssumedRole", account, action, resource, get_region(), service_context=dict(context or {})
    )
    limits = iam._permissions_boundary(_roles, name, account)  # noqa: SLF001 - this package's purpose
    decided = iam.evaluate(asked, iam._gather_role_policies(name, account), *limits)  # noqa: SLF001
    if found := iam._resource_policy(action.partition(":")[0], resource):  # noqa: SLF001
        decided = iam.combine_resource_policy(decided, asked, *found, limits=tuple(limits))
    allowed = decided.decision == "Allow"
    access.note(principal, action, resource, allowed=allowed)
    if allowed:
        return ""
    why = (
        "with an explicit deny"
        if decided.decision == "Deny"
        else f"because no identity-based policy allows the {action} action"
    )
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"


def require_tracing_rights() -> None:
    """Refuse a function with active tracing whose role may not send traces, as Lambda does.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    create, update = lambda_svc._create_function, lambda_svc._update_config  # noqa: SLF001
    of_stack = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]  # noqa: SLF001
    create_of_stack: Callable[..., Any] = of_stack["create"]

    def _create_function(data: dict[str, Any]) -> Answer:
        refused = _may_not_trace(data)
        answer: Answer = (
            error_response_json("InvalidParameterValueException", refused, 400) if refused else create(data)
        )
        return answer

    def _update_config(name: str, data: dict[str, Any]) -> Answer:
        config = (lambda_svc._functions.get(name) or {}).get("config", {})  # noqa: SLF001
        refused = _may_not_trace({**config, **data})
        answer: Answer = (
            error_response_json("InvalidParameterValueException", refused, 400)
            if refused
            else update(name, data)
        )
        return answer

    def _create_of_stack(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        if refused := _may_not_trace(props):
            raise ValueError(f"{refused} (Service: Lambda, Status Code: 400)")
        return create_of_stack(logical_id, props, stack_name)

    lambda_svc._create_function, lambda_svc._update_config = _create_function, _update_config  # noqa: SLF001
    of_stack["create"] = _create_of_stack


def _may_not_trace(config: Mapping[str, Any]) -> str:
    active = (config.get("TracingConfig") or {}).get("Mode") == "Active"
    return _MAY_NOT_TRACE if active and refusal(config.get("Role", ""), _TRACE, "*") else ""
