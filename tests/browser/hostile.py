"""Photos whose name and EXIF are markup."""

from __future__ import annotations

from pathlib import Path

import piexif
from PIL import Image

MARKUP = (
    "<img src=x onerror=document.body.setAttribute('data-injected','1')><script>window.injected=1</script>"
)

INJECTED = """() => ({
  attribute: document.body.hasAttribute('data-injected'),
  script: 'injected' in window,
  images: document.querySelectorAll('img[src="x"]').length,
})"""
NOTHING = {"attribute": False, "script": False, "images": 0}


def write(folder: Path) -> list[Path]:
    """Write two photos with a place, one of them with markup wherever text may be; and a text."""
    folder.mkdir(parents=True, exist_ok=True)
    gps = {
        piexif.GPSIFD.GPSLatitudeRef: "N",
        piexif.GPSIFD.GPSLatitude: ((52, 1), (30, 1), (0, 1)),
        piexif.GPSIFD.GPSLongitudeRef: "E",
        piexif.GPSIFD.GPSLongitude: ((13, 1), (24, 1), (0, 1)),
    }
    text = MARKUP.encode()
    first = {piexif.ImageIFD.Make: text, piexif.ImageIFD.Model: text, piexif.ImageIFD.ImageDescription: text}
    hostile = folder / "<img src=x onerror=alert(1)>.jpg"
    plain = folder / f"a photo with a {'very ' * 20}long name.jpg"
    for path, zeroth in ((hostile, first), (plain, {})):
        exif = piexif.dump({"0th": zeroth, "GPS": gps})
        Image.effect_noise((640, 480), 60).convert("RGB").save(path, exif=exif)
    text_file = folder / "notes.jpg"
    text_file.write_text("These are notes, no photo.")
    return [hostile, plain, text_file]
