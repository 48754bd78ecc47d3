from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable
from typing import Any

import boto3
import pytest
from cfnlint import api

from imageproc.core import attributes, record
from imageproc.core.keys import DOWNLOADS_PREFIX
from imageproc.deployment.artifacts import MAX_STACK_NAME
from imageproc.deployment.template import MAX_TEMPLATE_BYTES, Code, assemble, read_sources
from imageproc.functions import logs
from tests.functions.test_cold_start import IN_THE_LAYER, MODULES

CONTRACT_RESOURCES = {
    "PhotoRepoS3Bucket",
    "AlbumMetadataDDBTable",
    "ImageMetadataDDBTable",
    "ImageProcStateMachine",
    "ExtractImageMetadataFunction",
    "StoreImageMetadataFunction",
    "RekognitionFunction",
    "StoreRekognizedTagsFunction",
    "GenerateThumbnailFunction",
    "ImageProcStartExecutionFunction",
    "CreateS3EventTriggerFunction",
    "DescribeExecutionFunction",
    "TestClientIdentityPool",
    "BackendProcessingLambdaRole",
    "CustomResourceHelperRole",
    "StateMachineRole",
    "DescribeExecutionFunctionRole",
    "TestClientIAMRole",
    "S3EventTrigger",
}
CONTRACT_OUTPUTS = {
    "S3PhotoRepoBucket",
    "DDBAlbumMetadataTable",
    "DDBImageMetadataTable",
    "Region",
    "DescribeExecutionLambda",
    "CognitoIdentityPool",
}
# Actions that know no resources, and where AWS says so.
WITHOUT_RESOURCES = {
    "rekognition:DetectLabels": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrekognition.html",
    "xray:PutTelemetryRecords": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    "xray:PutTraceSegments": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
}
FUNCTION_MODULES = (
    "begin_photo",
    "create_s3_event_trigger",
    "describe_execution",
    "embed_image",
    "extract_image_metadata",
    "generate_thumbnail",
    "record_outcome",
    "rekognition",
    "rekognition_of_rendition",
    "start_execution",
    "store_image_metadata",
    "store_rekognized_tags",
)


PACKAGED = {"Architectures", "Code", "Content", "CompatibleArchitectures", "CompatibleRuntimes", "Runtime"}


def of_type(resources: Any, kind: str) -> dict[str, Any]:
    """Return the properties of all resources of a type, by logical ID."""
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def test_cfn_lint_finds_nothing(packaged: str) -> None:
    regions = ["us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"]
    assert [str(match) for match in api.lint(packaged, regions=regions)] == []


def test_the_contracts_resources_and_outputs_are_there(template: Any) -> None:
    assert set(template["Resources"]) >= CONTRACT_RESOURCES
    assert set(template["Outputs"]) >= CONTRACT_OUTPUTS


def test_the_packaged_template_is_one_that_cloudformation_reads_from_s3() -> None:
    key = f"imageproc/{'s' * 40}/functions/{'0' * 64}.zip"
    code = Code(key, key, "provided.al2023", "x86_64", f"imageproc-artifacts-{'1' * 12}-ap-southeast-2")
    assert len(assemble(read_sources(), code, "Retain").encode()) <= MAX_TEMPLATE_BYTES


def test_nothing_about_the_code_is_a_parameter_whose_old_value_an_update_could_keep(resources: Any) -> None:
    for kind in ("AWS::Lambda::Function", "AWS::Lambda::LayerVersion"):
        for name, one in of_type(resources, kind).items():
            literal = {key: value for key, value in one.items() if key in PACKAGED}
            assert len(literal) == 3, name
            assert "Ref" not in json.dumps(literal), name


def test_every_function_is_a_handler_that_exists(resources: Any) -> None:
    handlers = {one["Handler"] for one in of_type(resources, "AWS::Lambda::Function").values()}
    assert handlers == {f"imageproc.functions.{module}.handler" for module in FUNCTION_MODULES}
    for handler in handlers:
        module, _, name = handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_functions_have_the_layer_if_and_only_if_they_need_it(resources: Any) -> None:
    """Which load Pillow, and that no other does, `tests/functions/test_cold_start.py` sees."""
    functions = of_type(resources, "AWS::Lambda::Function").values()
    layered = {one["Handler"].split(".")[2] for one in functions if one.get("Layers")}
    assert layered == {MODULES[name] for name in IN_THE_LAYER}


def test_lambda_policies_name_their_actions_and_resources(resources: Any) -> None:
    for name, policy in of_type(resources, "AWS::IAM::Policy").items():
        if name.endswith("StateMachinePolicy"):
            continue  # log deliveries know no resources
        for statement in _statements(policy):
            assert not [action for action in statement["Action"] if "*" in action], name
            if statement["Resource"] == "*":
                assert set(statement["Action"]) <= set(WITHOUT_RESOURCES), name


def test_the_state_machine_may_invoke_its_functions_and_nothing_else(resources: Any) -> None:
    statement = _statements(resources["StateMachinePolicy"]["Properties"])[0]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    substitutions = resources["ImageProcStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert _named(statement["Resource"]) == _named(substitutions.values())


def _named(functions: Iterable[Any]) -> dict[str, str | None]:
    """Return the functions that are named, each with the condition under which it is."""
    found: dict[str, str | None] = {}
    for one in functions:
        condition, named, absent = one.get("Fn::If", (None, one, {"Ref": "AWS::NoValue"}))
        assert absent == {"Ref": "AWS::NoValue"}
        found[named["Fn::GetAtt"][0]] = condition
    return found


def test_what_makes_embeddings_is_there_only_where_they_are_wanted(template: Any) -> None:
    assert template["Parameters"]["Similarity"]["Default"] == "Disabled"
    for name in ("Function", "Policy", "LogGroup"):
        assert template["Resources"][f"EmbedImage{name}"]["Condition"] == "SimilarityEnabled"
    assert template["Resources"]["EmbeddingLayer"]["Condition"] == "SimilarityEnabled"
    own = template["Conditions"][template["Resources"]["EmbedImageRole"]["Condition"]]["Fn::And"]
    assert {one["Condition"] for one in own} == {"SimilarityEnabled", "PerFunctionRoles"}


def test_what_embeds_has_both_layers(resources: Any) -> None:
    layers = resources["EmbedImageFunction"]["Properties"]["Layers"]
    assert layers == [{"Ref": "ImagingLayer"}, {"Ref": "EmbeddingLayer"}]


def test_each_function_has_a_role_of_its_own_unless_consolidated(resources: Any) -> None:
    roles = []
    for function in of_type(resources, "AWS::Lambda::Function").values():
        role = function["Role"]
        if "Fn::If" in role:
            condition, own, shared = role["Fn::If"]
            assert condition == "PerFunctionRoles"
            assert shared["Fn::GetAtt"][0] == "BackendProcessingLambdaRole"
            role = own
        roles.append(role["Fn::GetAtt"][0])
    assert len(set(roles)) == len(FUNCTION_MODULES)


def test_every_function_has_a_log_group_that_ends_with_the_stack(resources: Any) -> None:
    groups = {
        json.dumps(one["LogGroupName"]): one for one in of_type(resources, "AWS::Logs::LogGroup").values()
    }
    for function in of_type(resources, "AWS::Lambda::Function").values():
        name = {"Fn::Sub": f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"}
        assert groups[json.dumps(name)]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_bucket_is_private_encrypted_versioned_and_asks_for_tls(resources: Any) -> None:
    bucket = resources["PhotoRepoS3Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert len(rules) == 4
    downloads = rules["ExpireDownloads"]
    assert (downloads["Prefix"], downloads["ExpirationInDays"]) == (DOWNLOADS_PREFIX, 1)
    assert downloads["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    statement = resources["PhotoRepoBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_key_of_ones_own_encrypts_all_that_is_stored(resources: Any) -> None:
    storing = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Logs::LogGroup"}
    for name, one in resources.items():
        stores = one["Type"] in storing or "Environment" in one.get("Properties", {})
        assert ("'KmsKeyArn'" in str(one)) == stores, name


def test_only_the_photos_bucket_may_start_executions(resources: Any) -> None:
    (permission,) = of_type(resources, "AWS::Lambda::Permission").values()
    assert permission["Principal"] == "s3.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": ["PhotoRepoS3Bucket", "Arn"]}
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_the_queue_refuses_what_comes_without_tls(resources: Any) -> None:
    (policy,) = of_type(resources, "AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("table", "indexes"),
    [
        (
            "ImageMetadataDDBTable",
            {
                attributes.ALBUM_INDEX: "ALL",
                attributes.CHANGE_INDEX: "KEYS_ONLY",
                attributes.EXECUTION_INDEX: "KEYS_ONLY",
            },
        ),
        ("AlbumMetadataDDBTable", {attributes.USER_INDEX: "ALL"}),
    ],
)
def test_tables_are_on_demand_recoverable_and_indexed(
    resources: Any, table: str, indexes: dict[str, str]
) -> None:
    properties = resources[table]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["SSESpecification"]["SSEEnabled"] is True
    indexed = [one.get("Fn::If", [0, one])[1] for one in properties["GlobalSecondaryIndexes"]]
    made = {one["IndexName"]: one for one in indexed}
    assert {name: one["Projection"]["ProjectionType"] for name, one in made.items()} == indexes
    for name, one in made.items():
        assert [key["AttributeName"] for key in one["KeySchema"]] == name.removesuffix("-index").split("-")


def test_only_where_workflows_are_express_there_is_an_index_of_executions(resources: Any) -> None:
    """And an attribute that an index does not use may not be declared."""
    properties = resources["ImageMetadataDDBTable"]["Properties"]
    for name in ("GlobalSecondaryIndexes", "AttributeDefinitions"):
        condition, made, otherwise = properties[name][-1]["Fn::If"]
        assert (condition, otherwise) == ("Express", {"Ref": "AWS::NoValue"})
        assert attributes.EXECUTION_ARN in json.dumps(made)


def test_a_machine_of_another_type_has_another_name(resources: Any) -> None:
    """CloudFormation replaces it, and refuses to if the new one has the same name."""
    properties = resources["ImageProcStateMachine"]["Properties"]
    assert properties["StateMachineType"] == {"Ref": "WorkflowType"}
    condition, express, standard = properties["StateMachineName"]["Fn::If"]
    assert condition == "Express"
    assert express != standard
    assert resources["BulkStateMachine"]["Properties"].get("StateMachineType") is None


def test_dynamodb_deletes_expired_tombstones(resources: Any) -> None:
    properties = resources["ImageMetadataDDBTable"]["Properties"]
    expected = {"AttributeName": attributes.EXPIRY_TIME, "Enabled": True}
    assert properties["TimeToLiveSpecification"] == expected


def test_guests_cannot_list_all_photos(resources: Any) -> None:
    """The change index has the IDs of everybody's."""
    (policy,) = resources["TestClientIAMRole"]["Properties"]["Policies"]
    listing = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "ListRecords"]
    assert attributes.CHANGE_INDEX not in str(listing)
    assert f"{{ImageMetadataDDBTable.Arn}}/index/{attributes.ALBUM_INDEX}" in str(listing)


def test_failed_events_wait_in_a_queue_that_has_an_alarm(resources: Any) -> None:
    config = resources["StartExecutionInvokeConfig"]["Properties"]
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["StartExecutionDeadLetterQueue", "Arn"]}
    dimension = resources["StartExecutionDeadLetterAlarm"]["Properties"]["Dimensions"][0]
    assert dimension["Value"] == {"Fn::GetAtt": ["StartExecutionDeadLetterQueue", "QueueName"]}


def test_guests_exist_only_where_they_are_enabled(template: Any) -> None:
    assert template["Parameters"]["TestClientAccess"]["Default"] == "Disabled"
    for name in ("TestClientIdentityPool", "TestClientIdentityPoolRoles", "TestClientIAMRole"):
        assert template["Resources"][name]["Condition"] == "TestClientEnabled"


def test_another_bucket_is_read_only_where_it_is_named_by_what_reads_originals_and_not_with_guests(
    template: Any, resources: Any
) -> None:
    assert template["Parameters"]["SourceBucket"]["Default"] == ""
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": "SourceBucket"}, ""]}]}
    assert template["Conditions"]["SourceNamed"] == named
    assert resources["ReadSourcePolicy"]["Condition"] == "SourceNamed"
    (statement,) = _statements(resources["ReadSourcePolicy"]["Properties"])
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::${SourceBucket}/*"}
    condition, own, shared = resources["ReadSourcePolicy"]["Properties"]["Roles"]["Fn::If"]
    assert (condition, shared) == ("PerFunctionRoles", [{"Ref": "BackendProcessingLambdaRole"}])
    readers = [one.get("Fn::If", [0, one])[1]["Ref"].removesuffix("Role") for one in own]
    assert set(readers) == {
        *("ExtractImageMetadata", "Rekognition", "RekognitionOfRendition", "GenerateThumbnail", "EmbedImage")
    }
    rule = template["Rules"]["NoGuestsWithSource"]
    assert rule["RuleCondition"] == named
    assert rule["Assertions"][0]["Assert"] == {"Fn::Equals": [{"Ref": "TestClientAccess"}, "Disabled"]}


@pytest.mark.parametrize(
    ("value", "good"),
    [
        *((value, True) for value in ("", "my-archive", "my-archive/2019", "my-archive/a b/c+d")),
        *((value, False) for value in ("my-archive/", "s3://my-archive", "My-Archive", "my-archive/*")),
        *((value, False) for value in ("*", "my-archive/2019/", "my-archive/${x}", "my-archive/?", "ü-ü/a")),
    ],
)
def test_a_source_is_a_bucket_or_a_folder_in_it_and_no_pattern(template: Any, value: str, good: bool) -> None:
    assert bool(re.fullmatch(template["Parameters"]["SourceBucket"]["AllowedPattern"], value)) == good


def test_no_function_is_made_before_its_own_role_may_trace(resources: Any) -> None:
    """Lambda refuses active tracing to a function whose role lacks the right, so each waits for it."""
    for name, function in resources.items():
        if function["Type"] != "AWS::Lambda::Function":
            continue
        (policy,) = (one for one in function["DependsOn"] if one.endswith("Policy"))
        (role,) = resources[policy]["Properties"]["Roles"]
        assert _roles(function["Properties"]["Role"]) == _roles(role), name
        trace = _granted_if(resources[policy], "Traced")["Trace"]
        assert trace["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], name


LOOKING = (
    "embed_image",
    "start_execution",
    "extract_image_metadata",
    "generate_thumbnail",
    "rekognition_of_rendition",
    "begin_photo",
)


def test_functions_that_look_at_photos_are_told_404_of_what_is_gone(resources: Any) -> None:
    """S3 answers 403 to whoever may not list the bucket; a condition on the prefix matches no look."""
    for function in of_type(resources, "AWS::Lambda::Function").values():
        name = function["FunctionName"]["Fn::Sub"].rpartition("-")[2]
        listing = [
            one
            for one in _statements(resources[f"{name}Policy"]["Properties"])
            if one["Action"] == ["s3:ListBucket"]
        ]
        assert bool(listing) == (function["Handler"].split(".")[2] in LOOKING), name
        for one in listing:
            assert one["Resource"] == {"Fn::GetAtt": ["PhotoRepoS3Bucket", "Arn"]}
            assert "Condition" not in one


@pytest.mark.parametrize("name", ["ImageProcStateMachine", "BulkStateMachine"])
def test_both_state_machines_log_and_trace_as_the_parameters_say(resources: Any, name: str) -> None:
    machine = resources[name]["Properties"]
    assert machine["TracingConfiguration"] == {"Enabled": {"Fn::If": ["Traced", True, False]}}
    logging = machine["LoggingConfiguration"]
    level = {"Ref": "StateMachineLogLevel"}
    photos = name == "ImageProcStateMachine"
    assert logging["Level"] == ({"Fn::If": ["Express", "ALL", level]} if photos else level)
    assert logging["IncludeExecutionData"] is False
    group = logging["Destinations"]["Fn::If"][1][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
    assert resources[group]["Properties"]["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/states/")
    (policy,) = resources[name]["DependsOn"]
    assert set(_granted_if(resources[policy], "Traced")) == {"Trace"}
    logged = "PhotosLogged" if photos else "StateMachineLogged"
    assert logging["Destinations"]["Fn::If"][0] == logged
    assert set(_granted_if(resources[policy], logged)) == {"DeliverLogs"}


def test_only_this_account_may_have_step_functions_assume_the_machines_roles(resources: Any) -> None:
    for name in ("StateMachineRole", "BulkStateMachineRole"):
        (statement,) = resources[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_no_arn_names_the_partition_and_guests_are_refused_outside_of_aws(
    packaged: str, template: Any
) -> None:
    assert "arn:aws:" not in packaged
    rule = template["Rules"]["GuestsInThisRegion"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "TestClientAccess"}, "Enabled"]}
    elsewhere = {
        region
        for partition in ("aws-cn", "aws-us-gov")
        for region in boto3.Session().get_available_regions("s3", partition)
    }
    (refused,) = rule["Assertions"][0]["Assert"]["Fn::Not"]
    assert set(refused["Fn::Contains"][0]) == elsewhere


def test_no_upload_starts_an_execution_before_failed_events_are_kept(resources: Any) -> None:
    assert set(resources["S3EventTrigger"]["DependsOn"]) >= {
        "StartExecutionInvokeConfig",
        "StartExecutionPermission",
    }


def test_the_longest_stack_name_that_is_named_is_the_longest_that_fits(template: Any, resources: Any) -> None:
    names = [one["FunctionName"] for one in of_type(resources, "AWS::Lambda::Function").values()]
    longest = max(len(one["Fn::Sub"].removeprefix("${AWS::StackName}")) for one in names)
    assert 64 - longest == MAX_STACK_NAME
    assert f"{MAX_STACK_NAME} characters at most" in template["Description"]


def test_alarms_that_cost_money_exist_only_with_somewhere_to_go(resources: Any) -> None:
    for name in ("PhotosFailedAlarm", "PhotosIncompleteAlarm", "BulkFailedAlarm"):
        assert resources[name]["Condition"] == "AlarmsSent"
        assert resources[name]["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopicArn"}]


@pytest.mark.parametrize(
    ("alarm", "status"), [("PhotosFailedAlarm", "FAILED"), ("PhotosIncompleteAlarm", "INCOMPLETE")]
)
def test_an_alarm_counts_the_line_that_record_outcome_logs_of_such_a_photo(
    resources: Any, alarm: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = resources["RecordOutcomeFunction"]["Properties"]["FunctionName"]["Fn::Sub"]
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function.replace("${AWS::StackName}", "photos"))
    line = logs.metric("Photos", Status=status)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    watched = resources[alarm]["Properties"]
    assert (watched["Namespace"], watched["MetricName"]) == ("imageproc", directive["Metrics"][0]["Name"])
    given = {one["Name"]: one["Value"] for one in watched["Dimensions"]}
    assert [list(given)] == directive["Dimensions"]
    assert given == {"StackName": {"Ref": "AWS::StackName"}, "Status": line["Status"]}
    assert (watched["Threshold"], watched["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_the_dashboard_is_off_by_default_and_shows_what_exists(template: Any, resources: Any) -> None:
    assert template["Parameters"]["Dashboard"]["Default"] == "Disabled"
    assert resources["OperationsDashboard"]["Condition"] == "DashboardEnabled"
    body = resources["OperationsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = {name.partition(".")[0] for name in re.findall(r"\$\{([\w.]+)\}", body)}
    assert named <= set(resources)
    widgets = json.loads(body)["widgets"]
    assert len(widgets) == 6
    statuses = [metric[-1] for metric in widgets[0]["properties"]["metrics"]]
    assert set(statuses) == {status for status in record.Status if status.finished}


def _roles(value: Any) -> list[str]:
    return re.findall(r"\w+Role\b", json.dumps(value))


def _granted_if(policy: Any, condition: str) -> dict[str, Any]:
    """Return the statements by their IDs that are granted under a condition, and denied else."""
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    effect = {"Fn::If": [condition, "Allow", "Deny"]}
    return {one["Sid"]: one for one in statements if one["Effect"] == effect}


def _statements(policy: Any) -> list[Any]:
    statements: list[Any] = policy["PolicyDocument"]["Statement"]
    return statements
