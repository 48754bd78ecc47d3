from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from imageproc.deployment import template
from imageproc.deployment.template import Code, Sources, TemplateParameter
from imageproc.errors import ParameterError, TemplateError


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as their plain values."""


_Loader.add_multi_constructor(
    "!",
    lambda loader, _suffix, node: (
        loader.construct_sequence(node)
        if isinstance(node, yaml.SequenceNode)
        else loader.construct_scalar(node)
    ),
)


def load(text: str) -> Any:
    return yaml.load(text, _Loader)


def test_the_definition_in_the_template_is_the_definition_file(sources: Sources) -> None:
    text = template.assemble(sources)

    machine = load(text)["Resources"]["Machine"]["Properties"]

    assert json.loads(machine["DefinitionString"]) == json.loads(sources.definition)


def test_tags_and_order_stay_as_they_were(sources: Sources) -> None:
    def lines(text: str) -> list[str]:
        return [line for line in map(str.strip, text.splitlines()) if line[:1] not in ("", "#")]

    before, after = lines(sources.template), lines(template.assemble(sources))

    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        "Default: Delete",
        "AllowedValues: [Delete, Retain]",
        'DefinitionString: "{{state-machine.asl.json}}"',
    ]


@pytest.mark.parametrize("written", ["{{state-machine.asl.json}}", "'{{state-machine.asl.json}}'"])
def test_the_marker_may_be_quoted_otherwise(sources: Sources, written: str) -> None:
    text = sources.template.replace('"{{state-machine.asl.json}}"', written)

    load(template.assemble(replace(sources, template=text)))


@pytest.mark.parametrize("times", [0, 2])
def test_a_template_without_exactly_one_marker_is_refused(sources: Sources, times: int) -> None:
    text = sources.template.replace('"{{state-machine.asl.json}}"', "{{state-machine.asl.json}} " * times)

    with pytest.raises(TemplateError, match="DefinitionString"):
        template.assemble(replace(sources, template=text))


def test_a_definition_that_is_no_json_is_refused(sources: Sources) -> None:
    with pytest.raises(TemplateError, match="no JSON"):
        template.assemble(replace(sources, definition="{"))


CODE = Code("f.zip", "l.zip", "python3.13", "x86_64", "code-bucket")


def test_the_code_is_named_by_literals_which_an_update_cannot_keep(sources: Sources) -> None:
    layer = load(template.assemble(sources, CODE))["Resources"]["ImagingLayer"]["Properties"]

    assert layer["Content"] == {"S3Bucket": "code-bucket", "S3Key": "l.zip"}
    assert (layer["CompatibleRuntimes"], layer["CompatibleArchitectures"]) == (["python3.13"], ["x86_64"])


def test_without_a_bucket_the_code_is_a_file_beside_the_template(sources: Sources) -> None:
    text = template.assemble(sources, replace(CODE, bucket=None))

    assert load(text)["Resources"]["ImagingLayer"]["Properties"]["Content"] == "l.zip"


def test_a_property_that_packaging_does_not_know_is_refused(sources: Sources) -> None:
    text = sources.template.replace("LayerName: ", "LayerName: x # packaging\n      Other: ")

    with pytest.raises(TemplateError, match="LayerName"):
        template.assemble(replace(sources, template=text), CODE)


def test_retained_data_outlives_the_stack_but_not_a_failed_creation(sources: Sources) -> None:
    stack = load(template.assemble(sources, data_retention="Retain"))

    policies = {name: each.get("DeletionPolicy") for name, each in stack["Resources"].items()}
    assert policies["PhotoRepoS3Bucket"] == policies["ImageMetadataDDBTable"] == "RetainExceptOnCreate"
    assert policies["WorkLogGroup"] is None
    assert stack["Parameters"]["DataRetention"]["Default"] == "Retain"
    assert stack["Parameters"]["DataRetention"]["AllowedValues"] == ["Retain"], "what is not so is refused"


def test_retention_can_be_set_to_and_fro(sources: Sources) -> None:
    once = template.set_data_retention(sources.template, "Delete")

    assert template.set_data_retention(template.set_data_retention(once, "Retain"), "Delete") == once


REWRITTEN = """\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  DataRetention:
    Type: String
    Default: Delete
    AllowedValues:
    - Delete
    Description: What becomes of photos and records when the stack
      is deleted
  Tracing:
    Type: String
    Default: PassThrough
Resources:
  PhotoRepoS3Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Delete
"""


def test_retention_can_be_set_in_a_template_that_another_tool_wrote_anew() -> None:
    stack = load(template.set_data_retention(REWRITTEN, "Retain"))

    assert stack["Resources"]["PhotoRepoS3Bucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack["Parameters"]["DataRetention"] == {
        "Type": "String",
        "Default": "Retain",
        "AllowedValues": ["Retain"],
        "Description": "What becomes of photos and records when the stack is deleted",
    }
    assert stack["Parameters"]["Tracing"] == {"Type": "String", "Default": "PassThrough"}


def test_a_template_without_policies_is_not_passed_off_as_one_that_keeps_data() -> None:
    with pytest.raises(TemplateError, match="DeletionPolicy"):
        template.set_data_retention(REWRITTEN.replace("    DeletionPolicy: Delete\n", ""), "Retain")


def test_an_unknown_retention_is_refused(sources: Sources) -> None:
    with pytest.raises(ParameterError, match="Delete or Retain"):
        template.assemble(sources, data_retention="Maybe")


def test_the_declared_parameters_are_found_with_their_defaults(sources: Sources) -> None:
    declared = template.declared_parameters(sources.template)

    assert declared[0] == TemplateParameter("RoleStrategy", "PerFunction")
    assert declared[-1] == TemplateParameter("LogRetentionDays", "30")
    assert [each.name for each in declared] == list(load(sources.template)["Parameters"])


def test_named_iam_resources_need_the_stronger_capability(sources: Sources) -> None:
    named = sources.template.replace(
        "Properties:\n      AssumeRole", "Properties:\n      RoleName: x\n      AssumeRole"
    )

    assert template.required_capability(sources.template) == "CAPABILITY_IAM"
    assert template.required_capability(named) == "CAPABILITY_NAMED_IAM"


def test_missing_sources_are_named(tmp_path: Any) -> None:
    with pytest.raises(TemplateError, match=r"image-processing\.yaml"):
        template.read_sources(tmp_path)


def test_the_repositorys_own_template_assembles_and_needs_no_parameter() -> None:
    text = template.assemble(template.read_sources(), CODE, "Retain")

    assert all(each.default is not None for each in template.declared_parameters(text))
    resources = load(text)["Resources"]
    retained = {name for name, each in resources.items() if "DeletionPolicy" in each}
    assert retained == {"PhotoRepoS3Bucket", "AlbumMetadataDDBTable", "ImageMetadataDDBTable"}
    assert {resources[name]["DeletionPolicy"] for name in retained} == {"RetainExceptOnCreate"}


def test_every_function_and_the_layer_of_the_repositorys_template_get_the_code() -> None:
    resources = load(template.assemble(template.read_sources(), CODE))["Resources"].values()

    functions = [one["Properties"] for one in resources if one["Type"] == "AWS::Lambda::Function"]
    assert len(functions) == 12
    for one in functions:
        assert one["Code"] == {"S3Bucket": "code-bucket", "S3Key": "f.zip"}
        assert (one["Runtime"], one["Architectures"]) == ("python3.13", ["x86_64"])
    layers = [one["Properties"] for one in resources if one["Type"] == "AWS::Lambda::LayerVersion"]
    assert [one["Content"]["S3Key"] for one in layers] == ["l.zip", "l.zip"]


def test_similarity_can_be_enabled_only_where_its_layer_was_packaged() -> None:
    without, packaged = (
        load(template.assemble(template.read_sources(), replace(CODE, embedding=key)))
        for key in (None, "e.zip")
    )

    assert without["Parameters"]["Similarity"]["AllowedValues"] == ["Disabled"]
    assert packaged["Parameters"]["Similarity"]["AllowedValues"] == ["Enabled", "Disabled"]
    content = packaged["Resources"]["EmbeddingLayer"]["Properties"]["Content"]
    assert content == {"S3Bucket": "code-bucket", "S3Key": "e.zip"}


def test_with_similarity_both_definitions_have_a_branch_more_and_without_it_none() -> None:
    resources = load(template.assemble(template.read_sources()))["Resources"]
    both = resources["ImageProcStateMachine"]["Properties"]["DefinitionString"]
    _, express, _ = resources["BulkStateMachine"]["Properties"]["DefinitionString"]
    assert both[0] == express[0] == "SimilarityEnabled"
    for _, enabled, disabled in (both, express):
        assert "${EmbedImageFunctionArn}" in enabled
        assert "EmbedImage" not in disabled
    branches = json.loads(both[1])["States"]["ParallelProcessing"]["Branches"]
    assert [one["StartAt"] for one in branches] == ["Rekognition", "GenerateThumbnail", "EmbedImage"]


def test_numbers_of_parameters_stand_in_a_definition_without_quotes(sources: Sources) -> None:
    bulk = '{"MaxConcurrency": "${Many}", "Comment": "a"}'
    text = sources.template.replace(
        "Outputs:\n", 'Outputs:\n  Bulk: { Value: "{{bulk-processing.asl.json}}" }\n'
    )
    assert '{"MaxConcurrency":${Many},"Comment":"a"}' in template.assemble(
        replace(sources, template=text, bulk=bulk)
    )


def test_a_marker_of_an_unknown_document_is_refused(sources: Sources) -> None:
    with pytest.raises(TemplateError, match=r"other\.json"):
        template.assemble(replace(sources, template=sources.template + 'X: "{{other.json}}"\n'))
