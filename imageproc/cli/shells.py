"""`imageproc completion`: what bash, zsh and fish need to complete commands, options and names."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from imageproc.cli.escaping import say
from imageproc.folders import data_folder

VARIABLE = "_IMAGEPROC_COMPLETE"
"""What a shell sets when it asks."""

_PROGRAM = "imageproc"
_SHELLS = ("bash", "zsh", "fish")

_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
            plain,*) COMPREPLY+=("${line#plain,}") ;;
        esac
    done < <(IFS=$'\\n'; env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
"""click's own loses backslashes and takes `*` in a name for files."""

_ZSH = "autoload -Uz compinit; (( $+functions[compdef] )) || compinit\n"


@click.command()
@click.argument("shell", required=False, type=click.Choice(_SHELLS))
@click.option("--install", is_flag=True, help="Make your shell load it, instead of printing it.")
def completion(shell: str | None, install: bool) -> None:
    """Print what makes SHELL complete commands, options, albums, users, labels and photos after Tab.

    By default SHELL is the one of $SHELL. --install writes it to a file, and one line into the shell's
    start-up file that loads it.
    """
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in _SHELLS:
        raise click.UsageError(f"Name the shell: {', '.join(_SHELLS)}.")
    if install:
        _install(chosen)
    else:
        click.echo(script(chosen), nl=False)


def script(shell: str) -> str:
    """Return what a shell is to load."""
    function = {
        "complete_func": f"_{_PROGRAM}_completion",
        "complete_var": VARIABLE,
        "prog_name": _PROGRAM,
    }
    templates = {
        "bash": _BASH,
        "zsh": _ZSH + ZshComplete.source_template,
        # A value may have commas.
        "fish": FishComplete.source_template.replace('string split ","', 'string split -m 1 ","'),
    }
    return templates[shell] % function


def _install(shell: str) -> None:
    if shell == "fish":  # which loads all that is in this folder
        base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        _write(Path(base).expanduser() / "fish" / "completions" / f"{_PROGRAM}.fish", shell)
        return
    path = data_folder() / f"completion.{shell}"
    _write(path, shell)
    home = Path(os.environ.get("ZDOTDIR") or "~") if shell == "zsh" else Path("~")
    start = (home / f".{shell}rc").expanduser()
    line = f"[ -r '{path}' ] && . '{path}'  # {_PROGRAM} completion\n"
    try:
        there = start.read_text() if start.exists() else ""
        if line not in there:
            with start.open("a") as file:
                file.writelines(["\n" if there and not there.endswith("\n") else "", line])
            say(f"{start}: loads it from now on")
    except OSError as error:
        raise click.ClickException(
            f"{start} cannot be changed: {error.strerror}. Put this into it: {line}"
        ) from error


def _write(path: Path, shell: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script(shell))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    say(f"{path}: written. Open another terminal, and press Tab after `{_PROGRAM} `.")


def answer(command: click.Group) -> None:
    """Answer a shell that asks what could come next, and end. After an error nothing is said."""
    shell, _, _ = os.environ[VARIABLE].partition("_")
    asked = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}.get(shell)
    with contextlib.suppress(Exception):
        if asked:
            click.echo(asked(command, {}, _PROGRAM, VARIABLE).complete())
    sys.exit(0)


class _Quick(ShellComplete):
    """Offers commands' names without importing them all."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        if not args and not incomplete.startswith("-") and isinstance(self.cli, click.Group):
            names = self.cli.list_commands(click.Context(self.cli))
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return super().get_completions(args, incomplete)


class _Bash(_Quick, BashComplete):
    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words as people see them: to bash `=` is a word of its own."""
        args, incomplete = super().get_completion_args()
        if incomplete == "=":
            return args, ""
        return (args[:-1] if args[-1:] == ["="] else args), incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Return it as bash is to insert it: what bash would take for its own is escaped."""
        return f"{item.type}," + re.sub(r"([^\w@%+=:,./-])", r"\\\1", item.value)


class _Zsh(_Quick, ZshComplete):
    pass


class _Fish(_Quick, FishComplete):
    pass
