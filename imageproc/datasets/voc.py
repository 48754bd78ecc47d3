"""Pascal VOC's format: an XML file for each image. http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf

Boxes are pixels, counted from 1, of which the last one belongs to the box.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset, box_of, dataset, in_picture

ANNOTATIONS, IMAGES, SETS = "Annotations", "JPEGImages", "ImageSets/Main"


def write(images: Iterable[AnnotatedImage], folder: Path) -> None:
    """Write the annotations; photos lie in `JPEGImages/`. Labels without a box have no place."""
    found = list(images)
    (folder / ANNOTATIONS).mkdir(exist_ok=True)
    (folder / SETS).mkdir(parents=True, exist_ok=True)
    (folder / SETS / "default.txt").write_text(
        "".join(f"{image.stem}\n" for image in found), encoding="utf-8"
    )
    for image in found:
        tree = ET.ElementTree(_element(image))
        ET.indent(tree)
        tree.write(folder / ANNOTATIONS / f"{image.stem}.xml", encoding="utf-8")


def read(folder: Path) -> Dataset:
    """Read a folder. Raises ValueError, KeyError or TypeError for anything but VOC's format."""
    return dataset(_read(path) for path in sorted((folder / ANNOTATIONS).glob("*.xml")))


def _element(image: AnnotatedImage) -> ET.Element:
    root = ET.Element("annotation")
    _add(root, folder=IMAGES, filename=image.file)
    _add(ET.SubElement(root, "source"), database="imageproc")
    _add(ET.SubElement(root, "size"), width=image.width, height=image.height, depth=3)
    _add(root, segmented=0)
    for one in image.annotations:
        if one.box:
            thing = ET.SubElement(root, "object")
            _add(thing, name=one.label, pose="Unspecified", truncated=0, difficult=0)
            wide, high = image.width or 1, image.height or 1
            left, top, right, bottom = in_picture(one.box)
            first, last = _pixels(left, right, wide), _pixels(top, bottom, high)
            _add(ET.SubElement(thing, "bndbox"), xmin=first[0], ymin=last[0], xmax=first[1], ymax=last[1])
    return root


def _pixels(start: float, end: float, count: int) -> tuple[int, int]:
    """Return the first and the last pixel, from 1, that a side covers: at least one."""
    first = min(count, round(start * count) + 1)
    return first, max(first, min(count, round(end * count)))


def _add(parent: ET.Element, **texts: object) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = str(text)


def _read(path: Path) -> AnnotatedImage:
    text = path.read_text(encoding="utf-8")
    if "<!" in text.replace("<!--", ""):  # without a DTD there are no entities that could expand
        raise ValueError(f"{path.name} has a DTD")
    root = ET.fromstring(text)  # noqa: S314 - see above
    wide, high = int(_text(root, "size/width")), int(_text(root, "size/height"))
    things = []
    for one in root.iter("object"):
        sides = [float(_text(one, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
        box = box_of((sides[0] - 1) / wide, (sides[1] - 1) / high, sides[2] / wide, sides[3] / high)
        things.append(Annotation(_text(one, "name"), box))
    return AnnotatedImage(_text(root, "filename"), wide, high, tuple(things))


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    if not found:
        raise ValueError(f"there is no {path}")
    return found
