"""What the sample show shows: its products, its weather and its people, drawn from plain shapes.

Products and weather are drawn in a box of 300 x 360, people in one of 300 x 400, on a ``Canvas`` view.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import NamedTuple

from scripts._canvas import Canvas, Colour, mix

__all__ = ["DRAWINGS", "LOOKS", "MOUTHS", "draw_person"]

WHITE: Colour = (255, 255, 255)
INK: Colour = (38, 40, 66)
MOUTHS = 4
"""Mouth openings that ``draw_person`` knows, from closed to wide open."""


def coffee(c: Canvas) -> None:
    """A coffee machine with a steaming cup."""
    body, dark, metal = (64, 70, 92), (44, 48, 68), (206, 212, 222)
    c.oval(38, 318, 262, 346, (226, 206, 192))
    c.box(52, 60, 248, 332, body, radius=26)
    c.box(52, 60, 248, 150, dark, radius=26)
    c.box(52, 120, 248, 150, dark)
    c.box(74, 82, 166, 128, (28, 31, 46), radius=10)
    c.text(120, 105, "12:00", 25, (120, 232, 196), weight="bold", anchor="mm")
    for x, colour in ((190, (240, 108, 92)), (222, (250, 190, 90))):
        c.disc(x, 105, 12, colour)
        c.disc(x - 3, 101, 4, mix(colour, WHITE, 0.55))
    c.box(76, 162, 224, 306, (34, 37, 54), radius=14)
    c.box(118, 150, 182, 182, metal, radius=8)
    c.box(130, 182, 142, 196, metal, radius=3)
    c.box(158, 182, 170, 196, metal, radius=3)
    for x in (136, 164):
        c.box(x - 2, 196, x + 2, 236, (112, 66, 40))
    c.arc((176, 244, 214, 282), -90, 90, WHITE, 9)
    c.box(108, 232, 192, 292, WHITE, radius=12)
    c.box(108, 232, 192, 258, WHITE)
    c.oval(112, 227, 188, 243, (112, 66, 40))
    c.box(82, 294, 218, 306, metal, radius=5)
    c.box(72, 20, 228, 62, (186, 214, 226), radius=12)
    for x, y in (
        (96, 48),
        (122, 44),
        (150, 50),
        (178, 45),
        (204, 49),
        (110, 34),
        (164, 34),
        (192, 33),
    ):
        c.oval(x - 11, y - 8, x + 11, y + 8, (120, 74, 46))
        c.line(((x - 6, y + 3), (x + 6, y - 3)), (84, 48, 28), 2)
    c.box(84, 8, 216, 24, dark, radius=8)
    c.box(60, 160, 66, 300, mix(body, WHITE, 0.25), radius=3)


def camera(c: Canvas) -> None:
    """A pocket camera with a big lens."""
    body, trim = (58, 128, 150), (244, 238, 226)
    c.oval(10, 280, 290, 308, (200, 216, 224))
    c.box(30, 88, 92, 124, (38, 52, 66), radius=10)
    c.disc(226, 104, 22, (38, 52, 66))
    c.disc(226, 100, 17, (236, 106, 92))
    c.box(118, 70, 190, 130, trim, radius=12)
    c.box(134, 82, 174, 108, (255, 248, 206), radius=6)
    c.box(8, 106, 292, 292, body, radius=30)
    c.box(8, 150, 292, 250, trim)
    c.box(8, 144, 292, 152, mix(body, INK, 0.3))
    c.box(8, 248, 292, 256, mix(body, INK, 0.3))
    for radius, colour in (
        (84, (34, 42, 56)),
        (76, (206, 212, 220)),
        (66, (28, 34, 48)),
        (50, (44, 62, 104)),
        (36, (30, 40, 76)),
        (20, (92, 122, 190)),
    ):
        c.disc(150, 200, radius, colour)
    c.oval(116, 162, 150, 184, (196, 216, 246))
    c.disc(176, 226, 7, (150, 176, 226))
    c.disc(258, 128, 8, (250, 196, 84))
    c.text(40, 128, "mini", 20, trim, weight="bold", anchor="mm")
    for x, y, size in ((40, 40, 11), (262, 46, 9), (92, 22, 7)):
        _spark(c, x, y, size, (250, 190, 84))


def backpack(c: Canvas) -> None:
    """A backpack with two pockets."""
    body, dark, light = (70, 128, 98), (46, 92, 72), (112, 168, 132)
    c.oval(40, 326, 260, 350, (206, 220, 206))
    c.arc((108, 4, 192, 88), 180, 360, dark, 13)
    c.box(26, 150, 76, 320, dark, radius=22)
    c.box(224, 150, 274, 320, dark, radius=22)
    c.box(50, 40, 250, 338, body, radius=64)
    c.box(50, 200, 250, 338, body, radius=30)
    c.arc((70, 62, 230, 232), 195, 345, dark, 6)
    c.box(84, 120, 216, 186, light, radius=18)
    c.line(((98, 138), (202, 138)), dark, 5)
    c.box(186, 136, 194, 158, (250, 196, 84), radius=4)
    c.box(72, 206, 228, 322, light, radius=26)
    c.line(((90, 230), (210, 230)), dark, 6)
    c.box(104, 228, 113, 256, (250, 196, 84), radius=4)
    c.box(124, 262, 176, 298, (250, 240, 220), radius=8)
    c.shape(((134, 290), (148, 270), (157, 282), (162, 276), (170, 290)), dark)
    for x in (64, 226):
        c.line(((x + 5, 84), (x + 5, 190)), mix(body, INK, 0.25), 9)
        c.box(x - 2, 150, x + 12, 166, (250, 196, 84), radius=3)


def sunshine(c: Canvas) -> None:
    """Sun, sea and a small boat."""
    c.box(0, 0, 300, 360, (178, 224, 246), radius=26)
    for step in range(12):
        x, y = _around(step, 12)
        c.line(((150 + 66 * x, 116 + 66 * y), (150 + 88 * x, 116 + 88 * y)), (252, 196, 70), 9)
    c.disc(150, 116, 54, (255, 210, 92))
    c.box(0, 226, 300, 360, (76, 160, 206), radius=26)
    c.box(0, 226, 300, 290, (76, 160, 206))
    for y, x in ((254, 40), (254, 180), (282, 96), (282, 226), (310, 40)):
        c.arc((x, y, x + 40, y + 18), 200, 340, (214, 238, 248), 4)
    c.shape(((176, 246), (262, 246), (246, 268), (192, 268)), (240, 108, 92))
    c.shape(((216, 178), (216, 238), (256, 238)), WHITE)
    c.box(210, 174, 215, 248, INK)


def rain(c: Canvas) -> None:
    """A cloud that rains on a city."""
    c.box(0, 0, 300, 360, (186, 196, 214), radius=26)
    heights = ((16, 236, 66), (72, 200, 116), (122, 252, 170), (176, 214, 232), (238, 244, 286))
    for left, top, right in heights:
        c.box(left, top, right, 350, (108, 118, 144), radius=6)
        for y in range(top + 14, 330, 28):
            for x in range(left + 9, right - 12, 17):
                lit = (x * 7 + y * 3) % 5 < 2
                c.box(x, y, x + 9, y + 14, (252, 218, 136) if lit else (86, 96, 122), radius=2)
    for index, x in enumerate(range(40, 280, 30)):
        y = 150 + (index * 37) % 50
        c.line(((x, y), (x - 9, y + 30)), (92, 140, 206), 5)
    for x, y, radius in ((88, 108, 40), (138, 84, 54), (196, 98, 46), (226, 120, 30)):
        c.disc(x, y, radius, (246, 248, 252))
    c.box(66, 100, 240, 148, (246, 248, 252), radius=24)


class Look(NamedTuple):
    """What a person looks like."""

    skin: Colour
    hair: Colour
    shirt: Colour
    long_hair: bool = False
    beard: bool = False
    glasses: bool = False


LOOKS = {
    "sam": Look((240, 200, 172), (62, 46, 44), (44, 150, 150), glasses=True),
    "mia": Look((224, 174, 142), (112, 52, 40), (236, 108, 96), long_hair=True),
    "ross": Look((246, 208, 184), (196, 98, 46), (66, 82, 140), beard=True),
}


def draw_person(c: Canvas, look: Look, mouth: int, *, blink: bool) -> None:
    """Head and shoulders, the mouth open by 0 to ``MOUTHS - 1``."""
    shade = mix(look.skin, (150, 70, 50), 0.18)
    if look.long_hair:
        c.box(66, 60, 234, 300, look.hair, radius=80)
    c.box(20, 268, 280, 470, look.shirt, radius=84)
    c.box(124, 220, 176, 300, shade, radius=20)
    c.oval(108, 252, 192, 308, shade)
    if look.long_hair:
        c.oval(112, 244, 188, 300, look.skin)
    else:
        light = mix(look.shirt, WHITE, 0.35)
        c.shape(((112, 264), (150, 316), (122, 332), (92, 276)), light)
        c.shape(((188, 264), (150, 316), (178, 332), (208, 276)), light)
    for x in (76, 224):
        c.oval(x - 15, 140, x + 15, 184, shade)
    if look.beard:
        c.box(77, 120, 223, 258, look.hair, radius=70)
    c.box(78, 56, 222, 248 if not look.beard else 226, look.skin, radius=71)
    if look.beard:
        c.pie((77, 118, 223, 262), 14, 166, look.hair)
    _hair(c, look)
    for x in (90, 186):
        c.oval(x, 176, x + 24, 192, mix(look.skin, (236, 110, 100), 0.32))
    for x in (120, 180):
        _eye(c, x, look, blink=blink)
    if look.glasses:
        for x in (120, 180):
            c.arc((x - 24, 126, x + 24, 172), 0, 360, INK, 4.5)
        c.arc((140, 138, 160, 154), 200, 340, INK, 4.5)
    c.arc((140, 156, 162, 182), 30, 150, mix(look.skin, (130, 60, 40), 0.45), 4)
    _mouth(c, mouth, look)


def _hair(c: Canvas, look: Look) -> None:
    if look.long_hair:
        c.pie((70, 42, 230, 208), 180, 360, look.hair)
        c.pie((86, 74, 206, 172), 0, 180, look.skin)
        c.box(86, 122, 222, 128, look.skin)
        c.shape(((78, 126), (78, 96), (150, 66), (196, 82), (168, 118), (112, 126)), look.hair)
        c.box(66, 110, 90, 272, look.hair, radius=12)
        c.box(210, 110, 234, 272, look.hair, radius=12)
    else:
        c.pie((72, 36, 228, 182), 180, 360, look.hair)
        c.box(72, 104, 90, 146, look.hair, radius=7)
        c.box(210, 104, 228, 146, look.hair, radius=7)
        c.shape(((80, 122), (80, 96), (220, 96), (220, 122), (206, 104), (128, 108)), look.hair)


def _eye(c: Canvas, x: float, look: Look, *, blink: bool) -> None:
    c.arc((x - 17, 118, x + 17, 144), 205, 335, mix(look.hair, INK, 0.3), 5)
    if blink:
        c.arc((x - 11, 140, x + 11, 156), 20, 160, INK, 4)
        return
    c.oval(x - 10, 138, x + 10, 160, WHITE)
    c.disc(x, 150, 7.5, INK)
    c.disc(x - 2.5, 147, 2.5, WHITE)


def _mouth(c: Canvas, mouth: int, look: Look) -> None:
    inside, tongue = (122, 34, 44), (226, 104, 104)
    lip = (196, 70, 74) if look.long_hair else mix(look.skin, (150, 50, 50), 0.6)
    if look.beard:
        lip = (150, 54, 44)
    if mouth == 0:
        c.arc((124, 178, 176, 216), 25, 155, lip, 5)
        return
    width, height = ((18, 12), (23, 20), (26, 30))[mouth - 1]
    top = 198
    c.oval(150 - width - 3, top - 3, 150 + width + 3, top + height + 3, lip)
    c.oval(150 - width, top, 150 + width, top + height, inside)
    if mouth > 1:
        c.pie((150 - width * 0.8, top + 1, 150 + width * 0.8, top + height * 0.75), 190, 350, WHITE)
        c.pie(
            (150 - width * 0.6, top + height * 0.5, 150 + width * 0.6, top + height * 1.1),
            190,
            350,
            tongue,
        )


def _spark(c: Canvas, x: float, y: float, size: float, fill: Colour) -> None:
    small = size / 3.5
    c.shape(
        (
            (x, y - size), (x + small, y - small), (x + size, y), (x + small, y + small),
            (x, y + size), (x - small, y + small), (x - size, y), (x - small, y - small),
        ),
        fill,
    )  # fmt: skip


def _around(step: int, steps: int) -> tuple[float, float]:
    return cos(2 * pi * step / steps), sin(2 * pi * step / steps)


DRAWINGS: dict[str, Callable[[Canvas], None]] = {
    "coffee": coffee,
    "camera": camera,
    "backpack": backpack,
    "sunshine": sunshine,
    "rain": rain,
}
