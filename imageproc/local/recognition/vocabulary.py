"""The names of labels, and which of the models' classes they stand for: reads `vocabulary.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

TABLE = Path(__file__).with_name("vocabulary.tsv")
SUPPRESSED = "-"


@dataclass(frozen=True)
class Entry:
    """A label: its name, its direct parents' names, and its category."""

    name: str
    parents: tuple[str, ...]
    category: str


@dataclass(frozen=True)
class ModelClass:
    """A class of one of the models: the model's name for it, and our label or the reason why it has none."""

    number: int
    name: str
    label: str | None
    reason: str


@dataclass(frozen=True)
class Vocabulary:
    """All labels by name, and all classes of the classifier and of the detector by number."""

    labels: dict[str, Entry]
    imagenet: dict[int, ModelClass]
    coco: dict[int, ModelClass]

    @cached_property
    def classified(self) -> frozenset[str]:
        """The labels that the classifier knows."""
        return frozenset(known.label for known in self.imagenet.values() if known.label)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Return a label's parents, their parents and so on, each once, the nearest first."""
        found: dict[str, None] = {}
        waiting = list(self.labels[name].parents)
        while waiting:
            parent = waiting.pop(0)
            if parent not in found:
                found[parent] = None
                waiting += self.labels[parent].parents
        return tuple(found)


@cache
def vocabulary() -> Vocabulary:
    """Return the table, read once."""
    read = Vocabulary({}, {}, {})
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            _add(read, line.split("\t"))
    return read


def _add(read: Vocabulary, fields: list[str]) -> None:
    kind, first, second, third, reason = (*fields, "")[:5]
    if kind == "label":
        parents = tuple(parent for parent in second.split(", ") if parent)
        read.labels[first] = Entry(first, parents, third)
    else:
        classes = {"imagenet": read.imagenet, "coco": read.coco}[kind]
        label = None if third == SUPPRESSED else third
        classes[int(first)] = ModelClass(int(first), second, label, reason)
