"""Which value each of the template's parameters gets. Pure: nothing here asks AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageproc.deployment.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from types_boto3_cloudformation.type_defs import ParameterTypeDef

    from imageproc.deployment.packaging import Packages
    from imageproc.deployment.template import TemplateParameter


def code_parameters(packages: Packages, bucket: str) -> dict[str, str]:
    """Return the parameters that say where the code lies and what it was built for: always new, never
    kept.
    """
    return {
        "ArtifactsBucket": bucket,
        "FunctionsCodeKey": packages.functions.key,
        "LayerCodeKey": packages.layer.key,
        "FunctionRuntime": packages.target.runtime,
        "FunctionArchitecture": packages.target.architecture,
    }


CODE_PARAMETERS = (
    "ArtifactsBucket",
    "FunctionsCodeKey",
    "LayerCodeKey",
    "FunctionRuntime",
    "FunctionArchitecture",
)


def check_given(declared: Iterable[TemplateParameter], given: Mapping[str, str]) -> None:
    """Raise ParameterError for a parameter that the template lacks, or that follows from the build."""
    free = [parameter.name for parameter in declared if parameter.name not in CODE_PARAMETERS]
    for name in given:
        if name in CODE_PARAMETERS:
            raise ParameterError(f"{name} follows from what was built; choose another build target instead.")
        if name not in free:
            raise ParameterError(f"The template has no parameter {name}. It has {', '.join(sorted(free))}.")


def stack_parameters(
    declared: Iterable[TemplateParameter],
    code: Mapping[str, str],
    given: Mapping[str, str],
    previous: Iterable[str],
) -> list[ParameterTypeDef]:
    """Return the parameters of a change set.

    What was given counts first, then what the stack has now (`previous` names those), then the template's
    default. Raises ParameterError if one is left without a value.
    """
    known = set(previous)
    result: list[ParameterTypeDef] = []
    for parameter in declared:
        value = code.get(parameter.name, given.get(parameter.name))
        if value is not None:
            result.append({"ParameterKey": parameter.name, "ParameterValue": value})
        elif parameter.name in known:
            result.append({"ParameterKey": parameter.name, "UsePreviousValue": True})
        elif parameter.default is None:
            raise ParameterError(f"The parameter {parameter.name} has no default: give it a value.")
    return result
