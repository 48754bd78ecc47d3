from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from imageproc.deployment import template
from imageproc.deployment.errors import ParameterError, TemplateError
from imageproc.deployment.template import Sources, TemplateParameter


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


def test_defaults_are_filled_in_or_replaced(sources: Sources) -> None:
    text = template.assemble(sources, {"ArtifactsBucket": "code-bucket", "FunctionRuntime": "python3.13"})

    parameters = load(text)["Parameters"]
    assert parameters["ArtifactsBucket"] == {
        "Type": "String",
        "Default": "code-bucket",
        "Description": "Where the code is",
    }
    assert parameters["FunctionRuntime"] == {"Type": "String", "Default": "python3.13"}
    assert "Default" not in parameters["LayerCodeKey"]


def test_a_default_for_a_parameter_that_is_not_there_is_refused(sources: Sources) -> None:
    with pytest.raises(ParameterError, match="Colour"):
        template.assemble(sources, {"Colour": "red"})


def test_retained_data_outlives_the_stack_but_not_a_failed_creation(sources: Sources) -> None:
    stack = load(template.assemble(sources, data_retention="Retain"))

    policies = {name: each.get("DeletionPolicy") for name, each in stack["Resources"].items()}
    assert policies["PhotoRepoS3Bucket"] == policies["ImageMetadataDDBTable"] == "RetainExceptOnCreate"
    assert policies["WorkLogGroup"] is None
    assert stack["Parameters"]["DataRetention"]["Default"] == "Retain"


def test_retention_can_be_set_to_and_fro(sources: Sources) -> None:
    once = template.set_data_retention(sources.template, "Delete")

    assert template.set_data_retention(template.set_data_retention(once, "Retain"), "Delete") == once


def test_an_unknown_retention_is_refused(sources: Sources) -> None:
    with pytest.raises(ParameterError, match="Delete or Retain"):
        template.assemble(sources, data_retention="Maybe")


def test_the_declared_parameters_are_found_with_their_defaults(sources: Sources) -> None:
    declared = template.declared_parameters(sources.template)

    assert declared[0] == TemplateParameter("ArtifactsBucket", None)
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
    defaults = {"ArtifactsBucket": "b", "FunctionsCodeKey": "f.zip", "LayerCodeKey": "l.zip"}

    text = template.assemble(template.read_sources(), defaults, "Retain")

    assert all(each.default is not None for each in template.declared_parameters(text))
    stack = load(text)
    retained = {
        name
        for name, each in stack["Resources"].items()
        if each.get("DeletionPolicy") == "RetainExceptOnCreate"
    }
    assert retained == {"PhotoRepoS3Bucket", "AlbumMetadataDDBTable", "ImageMetadataDDBTable"}
    assert {
        name: each["Default"] for name, each in stack["Parameters"].items() if name in defaults
    } == defaults


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
