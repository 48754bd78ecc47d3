"""Questions before what cannot be undone. No answer, at the end of the input or by Ctrl+C, is a no."""

from __future__ import annotations

import click

from imageproc.cli.escaping import say


def confirm(question: str, otherwise: str) -> None:
    """Ask a question. Raises ClickException, with what was `otherwise` not done, unless the answer is yes."""
    try:
        if click.confirm(question, err=True):
            return
    except click.Abort:
        raise _unanswered(otherwise) from None
    raise click.ClickException(f"The answer was no: {otherwise}.")


def have_typed(prompt: str, word: str, otherwise: str) -> None:
    """Have a word typed. Raises ClickException, with what was `otherwise` not done, for anything else."""
    try:
        typed = click.prompt(prompt, err=True)
    except click.Abort:
        raise _unanswered(otherwise) from None
    if typed != word:
        raise click.ClickException(f"The answer differs: {otherwise}.")


def _unanswered(otherwise: str) -> click.ClickException:
    say("", err=True)  # the prompt's line is not ended
    return click.ClickException(f"There was no answer: {otherwise}. --yes does it without asking.")
