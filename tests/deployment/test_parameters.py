from __future__ import annotations

import pytest

from imageproc.deployment.template import TemplateParameter
from imageproc.deployment.template.parameters import check_given, stack_parameters
from imageproc.errors import ParameterError

DECLARED = (
    TemplateParameter("Topic", None),
    TemplateParameter("LogRetentionDays", "30"),
    TemplateParameter("Tracing", "PassThrough"),
)


def test_what_is_given_counts_first_then_what_the_stack_has_then_the_default() -> None:
    made = stack_parameters(DECLARED, {"LogRetentionDays": "7"}, ["Topic", "LogRetentionDays"])

    assert made == [
        {"ParameterKey": "Topic", "UsePreviousValue": True},
        {"ParameterKey": "LogRetentionDays", "ParameterValue": "7"},
    ]


def test_a_previous_parameter_that_the_template_lacks_is_left_out() -> None:
    assert stack_parameters(DECLARED[1:], {}, ["Removed"]) == []


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(ParameterError, match="Topic"):
        stack_parameters(DECLARED, {}, [])


def test_an_unknown_parameter_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ParameterError, match=r"Colour.*LogRetentionDays, Topic, Tracing"):
        check_given(DECLARED, {"Colour": "red"})
    with pytest.raises(ParameterError, match=r"no parameter LogRetention. Did you mean 'LogRetentionDays'\?"):
        check_given(DECLARED, {"LogRetention": "30"})
