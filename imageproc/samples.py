"""Sample photos: pictures that scikit-image ships, written as a camera would have.

The pictures are in the public domain or CC0 (skimage/data/README.txt). Camera, time and place are made up.
"""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps
from PIL.TiffImagePlugin import IFDRational as Rational

from imageproc.datasets.images import AnnotatedImage, Annotation, Dataset, dataset
from imageproc.errors import SamplesMissingError

_MAKE, _MODEL, _DATE_TIME_ORIGINAL, _OFFSET_TIME_ORIGINAL, _ORIENTATION = (
    0x010F,
    0x0110,
    0x9003,
    0x9011,
    0x0112,
)
_EXPOSURE_TIME, _F_NUMBER, _SENSITIVITY = 0x829A, 0x829D, 0x8827
_FOCAL_LENGTH, _FOCAL_LENGTH_IN_35MM_FILM = 0x920A, 0xA405
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TURNED_BACK = {1: None, 6: Image.Transpose.ROTATE_90}


@dataclass(frozen=True)
class Sample:
    """A picture, and what its EXIF is to say."""

    source: str
    name: str
    camera: tuple[str, str]
    taken: str
    """EXIF's form, `YYYY:MM:DD HH:MM:SS`."""
    offset: str = "+00:00"
    place: tuple[float, float] | None = None
    """Latitude and longitude, decimal degrees, WGS 84."""
    orientation: int = 1
    exposure: tuple[int, Rational, int] = (250, Rational(28, 10), 200)
    """The part of a second, the f-number, ISO."""
    focal_length: tuple[int, int] = (50, 50)
    """In millimetres: the lens's, and on 35 mm film."""


@dataclass(frozen=True)
class Copy:
    """Another file of the same picture, as people make them; its EXIF is lost."""

    source: str
    name: str
    scale: float = 1.0
    brightness: float = 1.0
    quality: int = 75


SAMPLES = (
    Sample(
        "chelsea.png",
        "cat.jpg",
        ("Canon", "Canon EOS R6"),
        "2024:05:18 16:20:05",
        "+01:00",
        (51.5074, -0.1278),
        exposure=(125, Rational(18, 10), 400),
    ),
    Sample(
        "astronaut.png",
        "astronaut.png",
        ("NIKON CORPORATION", "NIKON Z 6_2"),
        "2024:03:02 10:15:00",
        "-06:00",
        exposure=(200, Rational(56, 10), 100),
        focal_length=(85, 85),
    ),
    Sample(
        "coffee.png",
        "coffee.jpg",
        ("Apple", "iPhone 15"),
        "2024:06:30 08:05:41",
        "+02:00",
        orientation=6,
        exposure=(60, Rational(16, 10), 125),
        focal_length=(6, 26),
    ),
    Sample(
        "rocket.jpg",
        "rocket.jpg",
        ("SONY", "ILCE-7M4"),
        "2024:09:10 05:23:00",
        "-04:00",
        (28.6084, -80.6043),
        exposure=(1000, Rational(8), 200),
        focal_length=(200, 200),
    ),
)

MORE_SAMPLES = (
    Sample(
        "camera.png",
        "photographer.jpg",
        ("Canon", "Canon EOS R6"),
        "2024:04:20 11:05:12",
        "-04:00",
        exposure=(500, Rational(56, 10), 100),
        focal_length=(35, 35),
    ),
    Sample("horse.png", "horse.png", ("Apple", "iPhone 15"), "2024:06:02 18:40:30", "+02:00"),
)
"""What the photos to be curated have beside the others: one is a drawing, which is easily taken for a dog."""

TO_CURATE = (*(replace(one, name=one.name.replace(".", " (original).")) for one in SAMPLES), *MORE_SAMPLES)
"""Under names of their own, by which each is found although the samples of the demo are there, too."""

COPIES = (
    Copy("cat (original).jpg", "cat (small).jpg", scale=0.5),
    Copy("coffee (original).jpg", "coffee (brighter).jpg", brightness=1.25),
    Copy("rocket (original).jpg", "rocket (sent).jpg", quality=60),
)

TRUTH = {
    "cat": ("Cat",),
    "astronaut": ("Person", "Helmet", "Flag", "Space Shuttle"),
    "coffee": ("Cup", "Coffee", "Spoon", "Table"),
    "rocket": ("Rocket",),
    "photographer": ("Person", "Tripod", "Camera"),
    "horse": ("Horse",),
}
"""What is to be seen, by the beginning of the file's name."""

NOT_IN_THEM = ("Dog",)
"""What was looked for, too, and is in none of them."""

NOT_A_PHOTO = ("notes.jpg", b"This text calls itself a JPEG.\n")


def write_samples(folder: Path) -> list[Path]:
    """Write the sample photos and one file that is not a photo into a folder, and return their paths.

    JPEG and PNG; two have a place, one is rotated (its pixels lie on their side, as phones store them).
    Raises SamplesMissingError.
    """
    pictures = _pictures()
    folder.mkdir(parents=True, exist_ok=True)
    paths = [write_sample(sample, pictures, folder) for sample in SAMPLES]
    name, content = NOT_A_PHOTO
    (folder / name).write_bytes(content)
    return [*paths, folder / name]


def write_sample(sample: Sample, pictures: Path, folder: Path) -> Path:
    """Write the sample, whose picture is in the folder `pictures`, into a folder, and return its path."""
    target = folder / sample.name
    with Image.open(pictures / sample.source) as picture:
        turn = _TURNED_BACK[sample.orientation]
        stored = picture.transpose(turn) if turn is not None else picture
        stored.save(target, exif=_exif(sample), quality=92)
    return target


def sample_photos() -> list[Path]:
    """Write the sample photos into a folder that goes with this process, and return their paths.

    Raises SamplesMissingError if scikit-image is not installed.
    """
    return write_samples(_temporary_folder())


def photos_to_curate() -> list[Path]:
    """Write samples of which some are there twice, as `sample_photos` does; `truth_of_samples` is about them.

    Raises SamplesMissingError.
    """
    folder, pictures = _temporary_folder(), _pictures()
    originals = [write_sample(sample, pictures, folder) for sample in TO_CURATE]
    return [*originals, *(_write_copy(copy, folder) for copy in COPIES)]


def truth_of_samples() -> Dataset:
    """Return what a person sees in the photos to be curated, as a data set to evaluate by."""
    names = [*(one.name for one in TO_CURATE), *(one.name for one in COPIES)]
    return dataset((_truth(name) for name in names), NOT_IN_THEM)


def _truth(name: str) -> AnnotatedImage:
    labels = next(labels for begin, labels in TRUTH.items() if name.startswith(begin))
    return AnnotatedImage(name, annotations=tuple(map(Annotation, labels)))


def _write_copy(copy: Copy, folder: Path) -> Path:
    target = folder / copy.name
    with Image.open(folder / copy.source) as picture:
        upright = ImageOps.exif_transpose(picture)
        size = (round(upright.width * copy.scale), round(upright.height * copy.scale))
        changed = ImageEnhance.Brightness(upright.resize(size)).enhance(copy.brightness)
        changed.save(target, quality=copy.quality, exif=b"")
    return target


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="imageproc-samples-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _pictures() -> Path:
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise SamplesMissingError("The sample photos come with scikit-image, which is not installed.")
    return Path(found.submodule_search_locations[0]) / "data"


def _exif(sample: Sample) -> Image.Exif:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = sample.camera
    exif[_ORIENTATION] = sample.orientation
    exif.get_ifd(_EXIF_IFD).update(
        {
            _DATE_TIME_ORIGINAL: sample.taken,
            _OFFSET_TIME_ORIGINAL: sample.offset,
            _EXPOSURE_TIME: Rational(1, sample.exposure[0]),
            _F_NUMBER: sample.exposure[1],
            _SENSITIVITY: sample.exposure[2],
            _FOCAL_LENGTH: Rational(sample.focal_length[0]),
            _FOCAL_LENGTH_IN_35MM_FILM: sample.focal_length[1],
        }
    )
    if sample.place:
        exif.get_ifd(_GPS_IFD).update(_gps(*sample.place))
    return exif


def _gps(latitude: float, longitude: float) -> dict[int, object]:
    return {
        1: "N" if latitude >= 0 else "S",
        2: _degrees(abs(latitude)),
        3: "E" if longitude >= 0 else "W",
        4: _degrees(abs(longitude)),
    }


def _degrees(value: float) -> tuple[Rational, Rational, Rational]:
    """Return degrees, minutes and seconds, the seconds in hundredths, as EXIF's rationals."""
    hundredths = round(value * 3600 * 100)
    minutes, seconds = divmod(hundredths, 60 * 100)
    degrees, minutes = divmod(minutes, 60)
    return Rational(degrees), Rational(minutes), Rational(seconds, 100)
