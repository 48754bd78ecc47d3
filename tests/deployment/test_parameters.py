from __future__ import annotations

import pytest

from imageproc.deployment.errors import ParameterError
from imageproc.deployment.template import TemplateParameter
from imageproc.deployment.template.parameters import check_given, stack_parameters

DECLARED = (
    TemplateParameter("ArtifactsBucket", None),
    TemplateParameter("LogRetentionDays", "30"),
    TemplateParameter("Tracing", "PassThrough"),
)
CODE = {"ArtifactsBucket": "new-bucket"}


def test_what_is_given_counts_first_then_what_the_stack_has_then_the_default() -> None:
    made = stack_parameters(
        DECLARED, CODE, {"LogRetentionDays": "7"}, ["ArtifactsBucket", "LogRetentionDays"]
    )

    assert made == [
        {"ParameterKey": "ArtifactsBucket", "ParameterValue": "new-bucket"},
        {"ParameterKey": "LogRetentionDays", "ParameterValue": "7"},
    ]


def test_previous_values_are_kept_but_never_the_codes() -> None:
    made = stack_parameters(DECLARED, CODE, {}, ["ArtifactsBucket", "Tracing"])

    assert made == [
        {"ParameterKey": "ArtifactsBucket", "ParameterValue": "new-bucket"},
        {"ParameterKey": "Tracing", "UsePreviousValue": True},
    ]


def test_a_previous_parameter_that_the_template_lacks_is_left_out() -> None:
    assert stack_parameters(DECLARED[1:], {}, {}, ["Removed"]) == []


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(ParameterError, match="ArtifactsBucket"):
        stack_parameters(DECLARED, {}, {}, [])


def test_an_unknown_parameter_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ParameterError, match=r"Colour.*LogRetentionDays, Tracing"):
        check_given(DECLARED, {"Colour": "red"})


def test_where_the_code_lies_cannot_be_given() -> None:
    with pytest.raises(ParameterError, match="follows from what was built"):
        check_given(DECLARED, {"ArtifactsBucket": "x"})
