"""Makes the bundled caption font: the bold and regular Noto Sans CJK SC, cut down to what captions need.

Kept are Latin with its accents, Greek, Cyrillic, punctuation, kana and the 7,445 characters of GB 2312;
what is missing falls back to the system's fonts. Needs fontTools (``pip install fonttools``) and the
fonts of Debian's ``fonts-noto-cjk``. The SIL Open Font License reserves no name for Noto; the family
gets one of our own all the same, so that a complete Noto on the same machine is never taken for it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

FAMILY = "Video-Clip Sans"
SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).parent.parent / "videoclip" / "media" / "fonts"
NUMBER_IN_COLLECTION = 2
"""Noto Sans CJK SC in the collections of fonts-noto-cjk."""
RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x192, 0x192), (0x1CD, 0x1DC), (0x218, 0x21B), (0x300, 0x304),
    (0x30C, 0x30C), (0x391, 0x3C9), (0x401, 0x451), (0x1EA0, 0x1EF9), (0x2010, 0x2027),
    (0x2030, 0x2044), (0x20AC, 0x20AC), (0x2100, 0x2126), (0x2150, 0x218B), (0x2190, 0x21FF),
    (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x25FF), (0x2600, 0x2642), (0x2713, 0x2717),
    (0x27F5, 0x27F5), (0x29F5, 0x29F5), (0x3000, 0x30FF), (0xFF00, 0xFFEF),
)  # fmt: skip


def characters() -> set[int]:
    """Code points that the font keeps."""
    kept = {code for first, last in RANGES for code in range(first, last + 1)}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                kept.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    # Common in captions since 1980, and not in GB 2312.
    return kept | set(map(ord, "镕啰囍喆玥堃珺祎昇焜瑀赟怼嘚瑟嗨嗯噢哇啵镁锂钛铌氪砼煲焗馕馓飚骉"))


def make(weight: str, folder: Path) -> Path:
    """Write one weight into ``folder``."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    source = SOURCE / f"NotoSansCJK-{weight}.ttc"
    font = TTFont(source, fontNumber=NUMBER_IN_COLLECTION, lazy=True)
    options = subset.Options(
        layout_features=["kern", "ccmp", "mark", "mkmk", "locl"], hinting=False,
        desubroutinize=False, name_IDs=["*"], notdef_outline=True, recalc_timestamp=False,
        drop_tables=["DSIG", "BASE", "vhea", "vmtx", "VORG", "GPOS"],
    )  # fmt: skip
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters())
    worker.subset(font)
    _rename(font, weight)
    path = folder / f"VideoClipSans-{weight}.otf"
    font.save(path)
    return path


def _rename(font: Any, weight: str) -> None:
    version = font["name"].getDebugName(5)
    copyright_ = font["name"].getDebugName(0)
    script = FAMILY.replace(" ", "").replace("-", "")
    font["name"].names = []
    for number, text in {
        0: copyright_,
        1: FAMILY,
        2: weight,
        3: f"{script}-{weight};from Noto Sans CJK SC {version}",
        4: f"{FAMILY} {weight}",
        5: f"{version};subset",
        6: f"{script}-{weight}",
        10: f"A subset of Noto Sans CJK SC {weight}, {version}",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
    }.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    table = font["CFF "].cff
    table.fontNames = [f"{script}-{weight}"]
    top = table.topDictIndex[0]
    top.FullName, top.FamilyName = f"{FAMILY} {weight}", FAMILY


def main() -> None:
    """Write both weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for weight in ("Regular", "Bold"):
        path = make(weight, folder)
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
