"""Questions before what cannot be undone. No answer, at the end of the input or by Ctrl+C, is a no."""

from __future__ import annotations

import click

from imageproc.cli.escaping import say


def agrees(question: str) -> bool:
    """Ask a question, and return whether the answer is yes."""
    return _answer(question) or False


def confirm(question: str, otherwise: str) -> None:
    """Ask a question. Raises ClickException, with what was `otherwise` not done, unless the answer is yes."""
    answer = _answer(question)
    if answer is None:
        raise _unanswered(otherwise)
    if not answer:
        raise click.ClickException(f"The answer was no: {otherwise}.")


def have_typed(prompt: str, word: str, otherwise: str) -> None:
    """Have a word typed. Raises ClickException, with what was `otherwise` not done, for anything else."""
    try:
        typed = click.prompt(prompt, err=True)
    except click.Abort:
        _end_line()
        raise _unanswered(otherwise) from None
    if typed != word:
        raise click.ClickException(f"The answer differs: {otherwise}.")


def _answer(question: str) -> bool | None:
    """Return the answer, None if there is none."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        _end_line()
        return None


def _end_line() -> None:
    say("", err=True)  # the prompt's is not ended


def _unanswered(otherwise: str) -> click.ClickException:
    return click.ClickException(f"There was no answer: {otherwise}. --yes does it without asking.")
