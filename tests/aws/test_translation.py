from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore import exceptions as botocore_errors

from imageproc import errors
from imageproc.aws.translation import translated
from imageproc.errors import AwsError
from tests.deployment.fakes import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


def _subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def test_whatever_botocore_raises_becomes_our_error() -> None:
    kinds = [
        each for each in _subclasses(botocore_errors.BotoCoreError) if each.__module__.startswith("botocore")
    ]
    assert len(kinds) > 50

    for kind in kinds:
        error = kind.__new__(kind)
        Exception.__init__(error, "something")

        with pytest.raises(AwsError, match="Testing failed: something"), translated("Testing"):
            raise error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ExpiredToken", errors.CredentialsExpiredError),
        ("InvalidClientTokenId", errors.CredentialsInvalidError),
        ("SignatureDoesNotMatch", errors.CredentialsInvalidError),
        ("AccessDenied", errors.AccessDeniedError),
        ("403", errors.AccessDeniedError),
        ("PermanentRedirect", errors.WrongRegionError),
        ("Throttling", errors.ThrottledError),
        ("SomethingNew", AwsError),
    ],
)
def test_awss_codes_become_errors_with_context_cause_and_fix(code: str, expected: type[AwsError]) -> None:
    with pytest.raises(AwsError) as caught, translated("Planning demo"):
        raise refusal(code, "It is so.", "CreateChangeSet")

    assert type(caught.value) is expected
    assert caught.value.code == code
    assert (
        str(caught.value)
        == f"Planning demo failed: CreateChangeSet: It is so ({code}). {expected.default_fix}"
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (botocore_errors.NoCredentialsError(), errors.CredentialsMissingError),
        (botocore_errors.ProfileNotFound(profile="x"), errors.CredentialsMissingError),
        (botocore_errors.SSOTokenLoadError(error_msg="x"), errors.CredentialsExpiredError),
        (botocore_errors.NoRegionError(), errors.WrongRegionError),
        (botocore_errors.EndpointConnectionError(endpoint_url="x"), errors.EndpointUnreachableError),
        (botocore_errors.ReadTimeoutError(endpoint_url="x"), errors.EndpointUnreachableError),
    ],
)
def test_what_happens_before_aws_answers_is_told_apart(error: Exception, expected: type[AwsError]) -> None:
    with pytest.raises(expected), translated("Planning demo"):
        raise error


def test_a_local_aws_that_does_not_answer_says_how_it_is_started() -> None:
    error = botocore_errors.EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/photos/?list-type=2")
    with pytest.raises(errors.EndpointUnreachableError) as caught, translated("Listing the photos"):
        raise error
    assert (
        caught.value.cause
        == "Listing the photos failed: the local AWS at http://127.0.0.1:4566 does not answer."
    )
    assert "imageproc local start" in str(caught.value.fix)
    assert caught.value.transient


def test_a_missing_stack_is_told_apart_from_other_validation_errors() -> None:
    with pytest.raises(errors.StackMissingError), translated("x"):
        raise refusal("ValidationError", "Stack with id demo does not exist")
    with pytest.raises(AwsError) as caught, translated("x"):
        raise refusal("ValidationError", "Parameter Colour must be red")
    assert type(caught.value) is AwsError


def test_every_error_has_a_fix_of_its_own() -> None:
    kinds = AwsError.__subclasses__()

    assert len({kind.default_fix for kind in kinds}) == len(kinds)
