"""Which of MiniStack's internals are used here, and whether the installed one has them."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect

from imageproc.errors import IncompatibleMiniStackError

MINISTACK_VERSION = "1.5.33"

# Module, name and parameters of each internal that is called or replaced; None: not a function.
INTERNALS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("app", "app", ("scope", "receive", "send")),
    ("app", "AUTH", None),
    ("app", "SERVICE_HANDLERS", None),
    ("app", "_routing_params", ("method", "path", "headers", "body", "query_params")),
    ("app", "_s3_cors_target", ("host", "path", "path_style")),
    ("app", "pin_request_origin", ("source_ip", "secure_transport")),
    ("app", "_build_persistence_save_dict", ()),
    ("core.persistence", "save_all", ("services",)),
    ("core.persistence", "save_state", ("service", "data")),
    ("core.persistence", "_state_format_version", ("service",)),
    ("core.persistence", "_json_default", ("obj",)),
    ("core.persistence", "STATE_DIR", None),
    ("core.persistence", "PERSIST_STATE", None),
    ("core.lambda_runtime", "reset", ()),
    ("core.lambda_runtime", "subprocess", None),
    (
        "core.iam_evaluator",
        "enforce",
        ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    ),
    ("core.iam_evaluator", "resolve_principal", ("access_key_id", "account_id", "credential")),
    ("core.iam_evaluator", "is_root_access_key", ("access_key_id",)),
    ("core.iam_evaluator", "_is_root_key", ("access_key_id",)),
    ("core.iam_evaluator", "resolve_credential", ("access_key_id", "account_id", "session_token")),
    ("core.iam_evaluator", "find_iam_access_key_account", ("access_key_id",)),
    ("core.iam_evaluator", "CredentialResolutionError", None),
    ("core.iam_actions", "SERVICE_TO_IAM_NAMESPACE", None),
    (
        "core.iam_actions",
        "access_denied_response",
        (
            "service",
            "action",
            "principal_arn",
            "request_id",
            "error_code",
            "message",
            "headers",
            "resource_arn",
            "explicit_deny",
            "resource_policy_arn",
        ),
    ),
    ("core.responses", "_account_from_sts_session", ("access_key_id",)),
    ("core.router", "SERVICE_PATTERNS", None),
    ("core.router", "detect_service", ("method", "path", "headers", "query_params")),
    ("core.router", "extract_access_key_id", ("headers", "query_params")),
    ("core.router", "extract_region", ("headers", "query_params")),
    (
        "services.lambda_svc",
        "acquire_worker",
        ("func_name", "config", "code_zip", "qualifier", "max_concurrency"),
    ),
    ("services.lambda_svc", "release_worker", ("worker",)),
    ("services.lambda_svc", "_ACCOUNT_CONCURRENCY_CAP", None),
    ("services.lambda_svc", "_execute_function", ("func", "event")),
    ("services.lambda_svc", "invoke_async_with_retry", ("func", "event")),
    ("services.lambda_svc", "_provided_worker_env", ("config", "code_dir", "port")),
    ("services.stepfunctions", "_invoke_resource", ("resource", "input_data")),
    ("services.stepfunctions", "_invoke_resource_with_timeout", ("resource", "input_data", "timeout")),
    ("services.stepfunctions", "_run_execution", ("exec_arn",)),
    ("services.stepfunctions", "get_state", ()),
    ("services.stepfunctions", "load_persisted_state", ("data",)),
    ("services.stepfunctions", "_executions", None),
    ("services.stepfunctions", "_add_event", ("execution", "event_type", "details")),
    ("services.stepfunctions", "_describe_execution", ("data",)),
    ("services.stepfunctions", "_get_execution_history", ("data",)),
    ("services.stepfunctions", "_stop_execution", ("data",)),
    ("services.stepfunctions", "_describe_state_machine_for_execution", ("data",)),
    ("services.stepfunctions", "_list_executions", ("data",)),
    ("services.stepfunctions", "_delete_state_machine", ("data",)),
    ("services.stepfunctions", "_iso_to_epoch_ms", ("iso",)),
    ("services.cloudformation.custom_resource", "_pending", None),
    ("services.cloudwatch_logs", "_log_records", None),
    ("services.cloudwatch_logs", "_log_groups", None),
    ("services.cloudwatch_logs", "_resolve_log_group_name", ("data",)),
    ("services.cloudwatch_logs", "_filter_log_events", ("data",)),
    ("services.cloudwatch_logs", "get_state", ()),
    ("services.cloudwatch_logs", "load_persisted_state", ("data",)),
    ("services.cloudwatch_logs", "_create_log_stream", ("data",)),
    ("services.cloudwatch_logs", "_put_log_events", ("data",)),
    ("services.eventbridge", "_events_log_list", ()),
    ("services.cloudformation", "load_persisted_state", ("data",)),
    ("services.cloudformation", "_stacks", None),
    (
        "services.dynamodb",
        "_evaluate_condition",
        ("expr", "item", "attr_values", "attr_names", "slot"),
    ),
    ("services.dynamodb", "_compare_ddb", ("left", "op", "right")),
    ("services.dynamodb", "_query", ("data",)),
    ("services.dynamodb", "_index_members", ("table",)),
    ("services.dynamodb", "_index_key_schemas", ("table",)),
    ("services.dynamodb", "_index_order_keys", ("table", "sk_name")),
    ("services.dynamodb", "_index_order_value", ("item", "name", "type_hint")),
    ("services.dynamodb", "_scan", ("data",)),
    ("services.dynamodb", "_tables", None),
    ("services.dynamodb", "_normalize_table_name", ("value",)),
    ("services.dynamodb", "_set_item", ("table", "pk_val", "sk_val", "item")),
    ("services.dynamodb", "_remove_item", ("table", "pk_val", "sk_val")),
    ("services.dynamodb", "_items_replaced", ("table",)),
    ("services.dynamodb", "_update_counts", ("table",)),
    ("services.dynamodb", "_INDEX_MEMBERS", None),
    ("services.dynamodb", "get_state", ()),
    ("services.dynamodb", "handle_request", ("method", "path", "headers", "body", "query_params")),
    ("services.dynamodb", "load_persisted_state", ("data",)),
    ("services.s3", "_persist_object", ("bucket", "key", "obj")),
    ("services.s3", "_object_versions", None),
    ("services.s3", "_parse_multipart_form", ("content_type", "body")),
    ("services.s3", "_get_object", ("bucket_name", "key", "headers", "query_params")),
    ("services.s3", "_apply_response_overrides", ("resp_headers", "query_params")),
    ("services.s3", "_parse_range", ("range_header", "total")),
    ("services.s3", "_read_body", ("bucket_name", "key", "obj")),
    ("services.s3", "_object_disk_path", ("bucket", "key", "account_id")),
    ("services.s3", "_range_error_xml", ("bucket_name", "key")),
    ("services.s3", "_xml_body", ("root",)),
    ("services.s3", "_bucket_cors", None),
    ("services.s3", "_cors_rules", ("bucket_name",)),
    ("services.s3", "_cors_pattern_matches", ("pattern", "value", "flags")),
    ("services.s3", "cors_preflight", ("bucket_name", "key", "headers")),
    ("services.s3", "cors_response_headers", ("bucket_name", "method", "headers")),
    ("services.lambda_svc", "_resolve_layer_zip", ("attachment",)),
    ("core.iam_evaluator", "EvalContext", None),
    ("core.iam_evaluator", "parse_policy_document", ("doc",)),
    ("core.iam_evaluator", "evaluate", ("ctx", "policies", "limits")),
    ("core.iam_evaluator", "_permissions_boundary", ("store", "name", "account_id")),
    ("core.iam_evaluator", "_gather_role_policies", ("role_name", "account_id")),
    ("core.iam_evaluator", "_resource_policy", ("service", "resource_arn")),
    (
        "core.iam_evaluator",
        "combine_resource_policy",
        ("identity", "ctx", "policy", "owner_account", "required", "limits"),
    ),
    (
        "core.iam_evaluator",
        "evaluate_resource_policy",
        ("doc", "ctx", "service", "named_only", "direct_only"),
    ),
    ("core.responses", "get_account_id", ()),
    ("core.responses", "get_region", ()),
    (
        "core.responses",
        "error_response_json",
        ("code", "message", "status", "extra", "message_key", "content_type"),
    ),
    ("services.iam", "_roles", None),
    ("services.lambda_svc", "_create_function", ("data",)),
    ("services.lambda_svc", "_update_config", ("name", "data")),
    ("services.lambda_svc", "_functions", None),
    ("services.lambda_svc", "function_policy_for_arn", ("resource_arn",)),
    ("services.stepfunctions", "_call_lambda", ("func_ref", "event")),
    ("services.stepfunctions", "_nested_start_execution_request", ("input_data",)),
    (
        "services.stepfunctions",
        "_run_distributed_map",
        ("state_def", "raw_input", "effective", "iterator", "execution", "ctx"),
    ),
    (
        "services.stepfunctions",
        "_run_sub_machine",
        ("states", "start_at", "input_data", "execution", "ctx"),
    ),
    ("services.stepfunctions", "_read_map_items", ("reader", "effective", "ctx")),
    ("services.stepfunctions", "_resolve_path_or_ctx", ("path", "data", "ctx")),
    ("services.stepfunctions", "_invoke_dynamodb", ("op_name", "input_data")),
    ("services.stepfunctions", "_map_runs", None),
    ("services.stepfunctions", "_resolve_params_obj", ("template", "data", "ctx")),
    ("services.stepfunctions", "_state_machines", None),
    ("services.stepfunctions", "_start_execution", ("data",)),
    ("services.stepfunctions", "_error_matches", ("error_equals", "error")),
    ("services.stepfunctions", "_apply_output_path", ("state_def", "data", "ctx")),
    ("services.stepfunctions", "_apply_parameters", ("state_def", "data", "ctx")),
    ("services.stepfunctions", "_ExecutionError", ("error", "cause")),
    ("services.dynamodb", "_delete_table", ("data",)),
    ("services.s3", "_delete_bucket", ("name",)),
    ("services.s3", "_dispatch", ("method", "bucket", "key", "headers", "body", "query_params")),
    (
        "services.s3",
        "_enforce_signed_post_policy",
        ("fields", "bucket_name", "region", "size", "sigv4"),
    ),
    ("services.s3", "_error", ("code", "message", "status", "resource", "extra", "headers")),
    (
        "services.s3",
        "_validate_notification_configs",
        ("configs", "bucket_region", "bucket_name", "skip_destination_validation"),
    ),
    ("services.s3", "_deliver_event_to_lambda", ("arn", "event_payload", "bucket_region")),
    ("services.s3", "_invalid_notification_config", ("message",)),
    ("services.cloudformation.provisioners", "_RESOURCE_HANDLERS", None),
)


def check() -> None:
    """Compare the installed MiniStack with what this module was written for.

    Raises:
        IncompatibleMiniStackError: it differs; the message lists all differences.
    """
    version = importlib.metadata.version("ministack")
    wrong = [] if version == MINISTACK_VERSION else [f"its version is {version}"]
    wrong += [found for entry in INTERNALS if (found := _difference(*entry))]
    if wrong:
        raise IncompatibleMiniStackError(
            f"The local AWS is written for MiniStack {MINISTACK_VERSION}, and the installed one differs: "
            + "; ".join(wrong)
            + f". Install the right one with: pip install ministack=={MINISTACK_VERSION}"
        )


def _difference(module: str, name: str, parameters: tuple[str, ...] | None) -> str:
    try:
        found = getattr(importlib.import_module(f"ministack.{module}"), name)
    except (ImportError, AttributeError):
        return f"ministack.{module}.{name} is missing"
    if parameters is not None and (actual := tuple(inspect.signature(found).parameters)) != parameters:
        return f"ministack.{module}.{name} takes {actual} instead of {parameters}"
    return ""
