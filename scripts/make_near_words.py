"""Make `imageproc/catalog/near_words.tsv`: which labels a noun of WordNet comes near to.

python scripts/make_near_words.py FOLDER     with index.noun and data.noun of WordNet 3.0 (wordnet-base)

A label's meaning is the synset that covers most of the classifier's classes behind it, whose own synsets are
known by their order: ImageNet's classes are sorted by the synsets' offsets. A noun comes near to the label of
its own synset, else to those of the nearest more general ones, else to those of what it covers.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from imageproc.local.recognition.vocabulary import Vocabulary, vocabulary

TARGET = Path(__file__).parents[1] / "imageproc" / "catalog" / "near_words.tsv"
SENSES = 3
"""A noun's rarer meanings are left out; so is a person that is not the first one (a mug is no face)."""
MEANT = {"Cake": 2, "Chicken": 1, "Chocolate": 1, "Fossil": 1, "Kite": 2, "Toilet": 1, "Water": 1}
"""The number of a label's meaning where that of its classes, or the most frequent one, is not the label's."""
PLACES = frozenset({"berlin", "chad", "chile", "guinea", "landau", "manhattan", "surrey"})
"""Nouns that are places to whoever searches, and left out: WordNet's Berlin is a limousine, too."""
UP, DOWN, MOST = 7, 2, 5
"""Steps to more general and to more special synsets, and labels of a word."""

_HEAD = """\
# Nouns and the labels that they come near to: labels, a tab, nouns. Made by scripts/make_near_words.py from
# WordNet 3.0, of which this is an extract under its licence:
#
# This software and database is being provided to you, the LICENSEE, by Princeton University under the
# following license. By obtaining, using and/or copying this software and database, you agree that you have
# read, understood, and will comply with these terms and conditions.:
#
# Permission to use, copy, modify and distribute this software and database and its documentation for any
# purpose and without fee or royalty is hereby granted, provided that you agree to comply with the following
# copyright notice and statements, including the disclaimer, and that the same appear on ALL copies of the
# software, database and documentation, including modifications that you make for internal use or for
# distribution.
#
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved.
#
# THIS SOFTWARE AND DATABASE IS PROVIDED "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR
# WARRANTIES, EXPRESS OR IMPLIED. BY WAY OF EXAMPLE, BUT NOT LIMITATION, PRINCETON UNIVERSITY MAKES NO
# REPRESENTATIONS OR WARRANTIES OF MERCHANT- ABILITY OR FITNESS FOR ANY PARTICULAR PURPOSE OR THAT THE USE OF
# THE LICENSED SOFTWARE, DATABASE OR DOCUMENTATION WILL NOT INFRINGE ANY THIRD PARTY PATENTS, COPYRIGHTS,
# TRADEMARKS OR OTHER RIGHTS.
#
# The name of Princeton University or Princeton may not be used in advertising or publicity pertaining to
# distribution of the software and/or database. Title to copyright in this software, database and any
# associated documentation shall at all times remain with Princeton University and LICENSEE agrees to preserve
# same.
"""


@dataclass
class WordNet:
    """Nouns: synsets of each word, the most frequent first; words, parents and children of each synset."""

    senses: dict[str, list[int]] = field(default_factory=dict)
    words: dict[int, list[str]] = field(default_factory=dict)
    above: dict[int, list[int]] = field(default_factory=dict)
    below: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def ancestors(self, synset: int) -> dict[int, int]:
        """Return a synset and all above it, with the steps to each."""
        found, level = {synset: 0}, [synset]
        steps = 0
        while level:
            steps += 1
            level = [one for child in level for one in self.above.get(child, ()) if one not in found]
            found.update(dict.fromkeys(level, steps))
        return found


def read(folder: Path) -> WordNet:
    """Read WordNet's files. Instances (Paris, Einstein) are left out."""
    net = WordNet()
    for line in (folder / "data.noun").read_text().splitlines():
        if line.startswith("  "):
            continue
        parts = line.split(" | ")[0].split()
        synset, count = int(parts[0]), int(parts[3], 16)
        pointers = parts[4 + 2 * count :]
        links = list(zip(pointers[1::4], pointers[2::4], strict=False))
        if any(kind == "@i" for kind, _ in links):
            continue
        net.words[synset] = parts[4 : 4 + 2 * count : 2]
        net.above[synset] = [int(other) for kind, other in links if kind == "@"]
        for parent in net.above[synset]:
            net.below[parent].append(synset)
    for line in (folder / "index.noun").read_text().splitlines():
        if not line.startswith("  "):
            parts = line.split()
            offsets = [int(one) for one in parts[-int(parts[2]) :]]
            net.senses[parts[0]] = [one for one in offsets if one in net.words]
    return net


def classes(net: WordNet, table: Vocabulary) -> dict[int, int]:
    """Return the synsets of the classifier's classes: the longest sequence of senses that ascends."""
    chains: list[tuple[int, int, int, int]] = []  # length, offset, class, previous chain
    for number in range(1000):
        for synset in _senses(net, table.imagenet[number].name):
            shorter = (
                (length, at)
                for at, (length, offset, known, _) in enumerate(chains)
                if offset < synset and known < number
            )
            before = max(shorter, default=(0, -1))
            chains.append((before[0] + 1, synset, number, before[1]))
    found, at = {}, max(range(len(chains)), key=lambda one: chains[one][0])
    while at >= 0:
        _, synset, number, at = chains[at]
        found[number] = synset
    return found


def _senses(net: WordNet, name: str) -> list[int]:
    return net.senses.get(name.casefold().replace(" ", "_").replace("'", "'"), [])


def meanings(net: WordNet, table: Vocabulary) -> dict[int, str]:
    """Return the labels by their synsets."""
    known = classes(net, table)
    behind: defaultdict[str, list[int]] = defaultdict(list)
    own: defaultdict[str, list[int]] = defaultdict(list)
    for number, synset in known.items():
        label = table.imagenet[number].label
        if label is not None:
            own[label].append(synset)
            for one in (label, *table.ancestors(label)):
                behind[one].append(synset)
    found: dict[int, str] = {}
    for label in table.labels:
        covers = [net.ancestors(one) for one in behind[label]]
        senses = _senses(net, label)[MEANT.get(label, 0) :]
        counts = [sum(sense in cover for cover in covers) for sense in senses]
        if senses:
            found.setdefault(senses[counts.index(max(counts))], label)
    for label, synsets in own.items():
        for synset in synsets:
            found.setdefault(synset, label)
    return found


def near(net: WordNet, labels: dict[int, str], synset: int) -> tuple[int, list[str]]:
    """Return how far the nearest labels are, and those labels, at most MOST."""
    if synset in labels:
        return 0, [labels[synset]]
    steps = {one: far for one, far in net.ancestors(synset).items() if one in labels and far <= UP}
    if steps:
        least = min(steps.values())
        return least, sorted({labels[one] for one, far in steps.items() if far == least})[:MOST]
    level = [synset]
    for far in range(1, DOWN + 1):
        level = [child for one in level for child in net.below[one]]
        under = sorted({labels[one] for one in level if one in labels})
        if under:
            return 10 + far, under if len(under) <= MOST else []
    return 99, []


def main(folder: Path) -> None:
    """Write the table."""
    net, table = read(folder), vocabulary()
    labels = meanings(net, table)
    own = {label.casefold() for label in table.labels}
    lines: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for word, senses in net.senses.items():
        plain = word.replace("_", " ")
        if plain in own or plain in PLACES or not _is_common(net, word, senses) or plain.count(" ") > 1:
            continue
        found = [near(net, labels, synset) for synset in senses[:SENSES]]
        found = [one for rank, one in enumerate(found) if one[1] and (one[1] != ["Person"] or not rank)]
        if found:
            exact = next((names for far, names in found if not far), found[0][1])
            lines[tuple(exact)].append(plain)
    text = "".join(f"{', '.join(key)}\t{', '.join(sorted(words))}\n" for key, words in sorted(lines.items()))
    TARGET.write_text(_HEAD + text, encoding="utf-8")
    nouns, size = sum(map(len, lines.values())), TARGET.stat().st_size
    sys.stdout.write(f"{nouns:,} nouns, {len(set(labels.values()))} of {len(own)} labels; {size:,} bytes\n")


def _is_common(net: WordNet, word: str, senses: list[int]) -> bool:
    """Say whether a word is written small in one of its first meanings: no name, no Latin genus."""
    return any(word in net.words[one] for one in senses[:SENSES])


if __name__ == "__main__":
    main(next(Path(name) for name in islice(sys.argv, 1, 2)))
