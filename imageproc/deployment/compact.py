"""The packaged template in fewer bytes, so that it fits into an API call: the same YAML, indented less."""

from __future__ import annotations

import re

_SECTION = "Resources:"


def compact(template: str) -> str:
    """Return the template with its resources indented by one column a level, without comment lines there.

    The other sections stay as they are. The text must be block style, indented by spaces, as the repository's
    template is; what it says does not change (a test compares the parsed templates).
    """
    before, mark, rest = template.partition(f"\n{_SECTION}\n")
    end = re.search(r"^\w", rest, re.MULTILINE)
    resources, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    kept = [line for line in resources.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return before + mark + "".join(f"{line}\n" for line in _indented(kept)) + after


def _indented(lines: list[str]) -> list[str]:
    """Return lines with each level one column deeper than the one around it.

    A list is no deeper than its key. What follows a dash on its line opens a level two columns on.
    """
    levels = [(0, 0)]  # column before, column after
    result = []
    for line in lines:
        text = line.lstrip(" ")
        column = len(line) - len(text)
        while levels[-1][0] > column:
            levels.pop()
        if levels[-1][0] < column:
            levels.append((column, levels[-1][1] + (not text.startswith("- "))))
        result.append(" " * levels[-1][1] + text)
        while text.startswith("- "):
            text = text[2:]
            column += 2
            levels.append((column, levels[-1][1] + 2))
    return result
