"""Photographs that installed packages ship, and the labels that a person would give them.

They are all the photographs of scenes and things in scikit-image, scikit-learn and matplotlib: drawings,
scans of text, test patterns and pictures through a microscope are left out. The labels were written down by
looking at the pictures. `expected` is what anybody would say, also where local recognition has no word for
it; `right` is what would be no mistake either.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

_FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo, what it shows, and what else would be right to say."""

    package: str
    name: str
    expected: frozenset[str]
    right: frozenset[str]

    def path(self) -> Path | None:
        """Return where it is; None if its package is not installed."""
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            return None
        path = Path(found.submodule_search_locations[0]) / _FOLDERS[self.package] / self.name
        return path if path.is_file() else None


def _photo(package: str, name: str, expected: str, right: str = "") -> LabelledPhoto:
    return LabelledPhoto(package, name, _names(expected), _names(f"{expected}, {right}"))


def _names(text: str) -> frozenset[str]:
    return frozenset(name for name in text.split(", ") if name)


PHOTOS = (
    _photo(
        "skimage",
        "astronaut.png",
        "Person",
        "Clothing, Uniform, Helmet, Flag, Accessories, Rocket, Space Shuttle, Portrait",
    ),
    _photo("skimage", "brick.png", "Wall, Brick", "Building, Architecture, Stone Wall"),
    _photo("skimage", "camera.png", "Person, Camera", "Tripod, Clothing, Coat, Outdoors, Electronics, Grass"),
    _photo("skimage", "chelsea.png", "Animal, Cat, Pet", "Mammal"),
    _photo("skimage", "clock_motion.png", "Clock", "Wall Clock, Analog Clock"),
    _photo(
        "skimage",
        "coffee.png",
        "Coffee, Cup",
        "Beverage, Coffee Cup, Espresso, Furniture, Table, Dining Table, Spoon, Cutlery, Plate, Saucer",
    ),
    _photo("skimage", "coins.png", "Coin, Money"),
    _photo("skimage", "grass.png", "Grass, Plant", "Nature, Outdoors"),
    _photo("skimage", "gravel.png", "Gravel", "Rock, Nature, Outdoors"),
    _photo("skimage", "hubble_deep_field.jpg", "Astronomy, Space", "Nature, Outdoors, Night"),
    _photo("skimage", "moon.png", "Moon", "Astronomy, Space, Nature, Night"),
    _photo("skimage", "motorcycle_left.png", "Motorcycle, Vehicle", "Wheel, Machine, Garage"),
    _photo("skimage", "motorcycle_right.png", "Motorcycle, Vehicle", "Wheel, Machine, Garage"),
    _photo("skimage", "rocket.jpg", "Rocket", "Night, Outdoors"),
    _photo(
        "matplotlib",
        "grace_hopper.jpg",
        "Person, Military Uniform",
        "Uniform, Clothing, Tie, Accessories, Hat, Shirt, Suit, Coat, Flag",
    ),
    _photo(
        "sklearn",
        "china.jpg",
        "Building, Architecture",
        "Temple, House of Worship, Palace, Monastery, Tower, Roof, Outdoors, Tree, Plant",
    ),
    _photo("sklearn", "flower.jpg", "Flower, Plant", "Daisy, Nature, Outdoors, Petal"),
)
