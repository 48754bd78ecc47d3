"""Errors as a person should see them: one message that names cause and fix, no traceback."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from traceback import format_exc

import click

from imageproc.cli.escaping import say
from imageproc.errors import ImageprocError

_FULL = "Error: There is no space left where this is written. Free some, and run the command again."


@contextmanager
def explained() -> Iterator[None]:
    """Print the project's own errors to standard error, and end with a non-zero exit code."""
    try:
        yield
    except click.ClickException as error:
        error.show(shown := StringIO())
        say(shown.getvalue().rstrip(), err=True)
        if isinstance(error, click.NoSuchOption) and not error.option_name.startswith("--"):
            command = error.ctx.command_path if error.ctx else "imageproc show"
            say(f"A name that begins with - goes behind --, as in: {command} -- -1.jpg", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. What AWS has begun continues; the command can be run again.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except ImageprocError as error:
        say(f"Error: {error}", err=True)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - a defect, shown escaped
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        say(_FULL if full else format_exc(), err=True)
        sys.exit(1)
