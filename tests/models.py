"""Requests held to AWS's own models, as botocore has them: also what botocore itself does not look at.

botocore checks types and required members. AWS also refuses values that are not in an enum, too long or too
short, out of range, or not of a pattern; moto and MiniStack often take them.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import botocore.handlers
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

wrong: list[str] = []
"""What the product asked that AWS would refuse, since it was last looked at."""


def watch() -> None:
    """Check each request that the product makes in this process, by any client that is made from now on."""
    watcher = ("before-parameter-build", _check)
    if watcher not in botocore.handlers.BUILTIN_HANDLERS:
        botocore.handlers.BUILTIN_HANDLERS.append(watcher)


def _check(params: Mapping[str, Any], model: OperationModel, **_: Any) -> None:
    if _by_the_product():
        wrong.extend(violations(model, params))


def _by_the_product() -> bool:
    """Whether the package asks, and not a test, which may ask for what it likes."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        name = frame.f_globals.get("__name__", "")
        if name.startswith("tests."):
            return False
        if name.startswith("imageproc."):
            return True
    return False


def violations(model: OperationModel, params: Mapping[str, Any]) -> list[str]:
    """Return what AWS would refuse in a request's parameters."""
    if model.input_shape is None:
        return [f"{model.name} takes no parameters"] if params else []
    report = ParamValidator().validate(params, model.input_shape)
    found = [report.generate_report()] if report.has_errors() else []
    found += _of(model.input_shape, params, "")
    return [f"{model.service_model.service_name} {model.name}: {each}" for each in found]


def _of(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield what is wrong with a value and all that is in it."""
    if isinstance(value, list | tuple | Mapping) and not isinstance(shape, StructureShape):
        yield from _range(shape, len(value), path, "has length")
    elif isinstance(value, str | bytes):
        yield from _range(shape, len(value), path, "has length")
        yield from _text(shape, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _range(shape, value, path, "is")
    for member_shape, member, where in _members(shape, value, path):
        yield from _of(member_shape, member, where)


def _members(shape: Shape, value: Any, path: str) -> Iterator[tuple[Shape, Any, str]]:
    """Yield what is in a structure, a list or a map, with its shape and where it is."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        known = shape.members
        yield from ((known[name], each, f"{path}.{name}") for name, each in value.items() if name in known)
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        yield from ((shape.member, each, f"{path}[{index}]") for index, each in enumerate(value))
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        yield from ((shape.key, key, f"{path} key") for key in value)
        yield from ((shape.value, each, f"{path}.{key}") for key, each in value.items())


def _range(shape: Shape, number: float, path: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and number < least) or (most is not None and number > most):
        yield f"{path} {what} {number}, not {least} to {most}"


def _text(shape: Shape, value: str | bytes, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        return
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"{path} is {value!r}, none of {', '.join(enum)}"
    pattern = _pattern(shape.metadata.get("pattern"))
    if pattern and not pattern.fullmatch(value):
        yield f"{path} is {value!r}, not of the pattern {pattern.pattern}"


@functools.cache
def _pattern(text: str | None) -> re.Pattern[str] | None:
    """Return a pattern of the models, None for one that only Java reads, such as `\\p{L}`."""
    try:
        return re.compile(text) if text else None
    except re.error:
        return None


@functools.cache
def service(name: str) -> ServiceModel:
    """Return a service's model."""
    client: Any = boto3.Session("AKIATEST", "secret", region_name="eu-west-1").client
    found: ServiceModel = client(name).meta.service_model
    return found


class Held:
    """A fake client, its requests held to the service's model; its answers may have no other names."""

    def __init__(self, service_name: str, fake: Any) -> None:
        """Hold this fake."""
        self._model, self._fake = service(service_name), fake
        self._operations = {xform_name(name): name for name in self._model.operation_names}

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._fake, name)
        if name == "get_paginator":
            return lambda operation: _HeldPages(self, operation)
        if name not in self._operations:
            return attribute
        return functools.partial(self._called, name)

    def check(self, name: str, params: Mapping[str, Any]) -> None:
        """Raise AssertionError if AWS would refuse this."""
        found = violations(self._model.operation_model(self._operations[name]), params)
        assert found == [], found

    def answered(self, name: str, answer: Any) -> Any:
        """Return the answer, unless AWS has no such."""
        output = self._model.operation_model(self._operations[name]).output_shape
        unknown = list(_unknown(output, answer or {}, name)) if output else []
        assert unknown == [], f"AWS answers no {', '.join(unknown)}"
        return answer

    def _called(self, name: str, /, **params: Any) -> Any:
        self.check(name, params)
        return self.answered(name, getattr(self._fake, name)(**params))


class _HeldPages:
    def __init__(self, held: Held, operation: str) -> None:
        self._held, self._operation = held, operation

    def paginate(self, **params: Any) -> Iterator[Any]:
        self._held.check(self._operation, params)
        for page in self._held._fake.get_paginator(self._operation).paginate(**params):
            yield self._held.answered(self._operation, page)


def _unknown(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield the members of an answer that its shape lacks."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from _unknown(shape.members[name], member, f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for member in value:
            yield from _unknown(shape.member, member, path)


def unknown_members(service_name: str, operation: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members of an answer that the service's model lacks."""
    output = service(service_name).operation_model(operation).output_shape
    yield from _unknown(output, answer, operation) if output else list(answer)


def error_codes(*services: str) -> set[str]:
    """Return the codes of the errors that the services' models know."""
    found = set()
    for name in services:
        for shape in service(name).error_shapes:
            found |= {shape.name, shape.metadata.get("error", {}).get("code") or shape.name}
    return found
