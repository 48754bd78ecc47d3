"""Errors as a person should see them: one message that names cause and fix, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from traceback import format_exc

import click

from imageproc.cli.escaping import say


@contextmanager
def explained() -> Iterator[None]:
    """Print the project's own errors to standard error, and end with a non-zero exit code."""
    try:
        yield
    except click.ClickException as error:
        error.show(shown := StringIO())
        say(shown.getvalue().rstrip(), err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. What was begun goes on or can be run again.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - a defect, too, is shown escaped
        say(f"Error: {error}" if _is_ours(error) else format_exc(), err=True)
        sys.exit(1)


def _is_ours(error: Exception) -> bool:
    """Whether the message was written for the user; anything else is a defect and shows its traceback."""
    from imageproc.aws.errors import AwsError
    from imageproc.client.errors import ClientError
    from imageproc.core.errors import PhotoError
    from imageproc.deployment.errors import DeploymentError
    from imageproc.resources import ResourcesMissingError

    kinds: list[type[Exception]] = [AwsError, ClientError, DeploymentError, PhotoError, TimeoutError]
    kinds.append(ResourcesMissingError)
    if "imageproc.local.errors" in sys.modules:
        from imageproc.local.errors import LocalAwsError

        kinds.append(LocalAwsError)
    return isinstance(error, tuple(kinds))
