"""The picture of the sample show: a studio, its people, and a board with what they talk about.

Everything that is important stays above the lower 22 % of the picture, where captions are burnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts._canvas import Canvas, Colour, gradient, mix, shadow
from scripts._drawings import DRAWINGS, LOOKS, draw_person
from scripts.framecode import paint_frame_code, strip_box

__all__ = ["HEIGHT", "WIDTH", "Scene", "Slide", "Slides"]

WIDTH, HEIGHT = 1280, 720
Picture = NDArray[np.uint8]

_DESK = 562  # upper edge of the desk, and of the part that captions may cover
_CARD = (456, 84, 1244, 544)
_FADE = 8  # frames over which one slide becomes the next
_BLINK = 103  # frames from blink to blink
_WHITE: Colour = (255, 255, 255)
_INK: Colour = (38, 40, 66)
_SOFT: Colour = (112, 116, 146)
_RED: Colour = (232, 66, 72)
_YELLOW: Colour = (255, 205, 72)

_PALETTES: dict[str, tuple[Colour, Colour, Colour]] = {
    # board: upper background, lower background, accent
    "line-up": ((206, 198, 246), (240, 196, 222), (104, 84, 190)),
    "coffee": ((250, 222, 196), (242, 174, 142), (206, 88, 60)),
    "weather": ((148, 196, 232), (208, 228, 244), (44, 116, 182)),
    "camera": ((196, 230, 230), (126, 188, 200), (26, 122, 140)),
    "chat": ((246, 206, 222), (226, 160, 196), (186, 62, 122)),
    "backpack": ((220, 236, 208), (154, 200, 158), (46, 120, 82)),
    "thanks": ((198, 206, 246), (250, 204, 178), (122, 78, 170)),
}


@dataclass(frozen=True, slots=True)
class Slide:
    """What a segment's board needs; texts that a segment has no use for are empty."""

    title: str
    board: str
    people: tuple[tuple[str, str], ...]  # speaker and shown name, from left to right
    tagline: str = ""
    benefits: tuple[str, ...] = ()
    was: str = ""
    price: str = ""
    extra: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    products: tuple[tuple[str, str, str], ...] = ()  # board, title, price of all products


@dataclass(frozen=True, slots=True)
class Scene:
    """What is visible at a moment, apart from what moves."""

    segment: int
    shown: tuple[str, ...] = field(default=())  # `show` marks of the sentences so far, in order


class Slides:
    """Draws frames. Scenes and faces are drawn once; a frame is a copy of them with small patches."""

    def __init__(self, slides: list[Slide]) -> None:
        self._slides = slides
        self._scene = lru_cache(maxsize=4)(self._draw_scene)
        self._back = lru_cache(maxsize=2)(self._draw_back)
        self._wall = lru_cache(maxsize=2)(self._draw_wall)
        self._face = lru_cache(maxsize=None)(self._draw_face)
        self._dot = [_live_dot(on) for on in (True, False)]
        self._glyphs = {char: _glyph(char) for char in "frame 0123456789:."}
        self._before: Scene | None = None
        self._now: Scene | None = None
        self._since = 0

    def frame(
        self, number: int, milliseconds: int, scene: Scene, speaker: str, mouth: int
    ) -> Picture:
        """One frame, ``(720, 1280, 3)``. Frames have to be asked for in order.

        Args:
            number: frame number, written into the picture for people and for machines.
            milliseconds: its time, written beside.
            scene: what is visible.
            speaker: who is talking, or an empty text.
            mouth: how far that person's mouth is open, 0 to ``MOUTHS - 1``.
        """
        if scene != self._now:
            self._before, self._now, self._since = self._now, scene, number
        step = number - self._since + 1
        picture = self._scene(scene).copy()
        fading = self._before is not None and step < _FADE
        if fading and self._before is not None:
            old = self._scene(self._before).astype(np.uint16)
            mixed = (old * (_FADE - step) + picture * np.uint16(step)) // _FADE
            picture = mixed.astype(np.uint8)
        if not (fading and self._before is not None and self._before.segment != scene.segment):
            self._move(picture, number, scene.segment, speaker, mouth)
        _paste(picture, self._dot[number // 14 % 2], 42, 24)
        self._stamp(picture, number, milliseconds)
        paint_frame_code(picture, number)
        return picture

    def _move(self, picture: Picture, number: int, segment: int, speaker: str, mouth: int) -> None:
        for index, (name, _) in enumerate(self._slides[segment].people):
            opening = mouth if name == speaker else 0
            blink = (number + 41 * index) % _BLINK < 4
            face, x, y = self._face(segment, index, opening, blink)
            _paste(picture, face, x, y)
            bars, x, y = self._bars(segment, index, opening)
            _paste(picture, bars, x, y)

    # ----------------------------------------------------------------- still parts

    def _draw_scene(self, scene: Scene) -> Picture:
        slide = self._slides[scene.segment]
        image = self._back(scene.segment).copy()
        canvas = Canvas(WIDTH, HEIGHT)
        self._draw_desk(canvas, slide)
        canvas.box(*_CARD, _WHITE, radius=30)
        boards: dict[str, Callable[[Canvas, Slide, tuple[str, ...]], None]] = {
            "line-up": _line_up,
            "weather": _weather,
            "chat": _chat,
            "thanks": _thanks,
        }
        boards.get(slide.board, _product)(canvas, slide, scene.shown)
        left, _, right, bottom = strip_box(WIDTH, HEIGHT)
        canvas.box(left - 8, -20, right + 8, bottom + 8, _INK, radius=12)
        canvas.box(32, 16, 120, 48, _RED, radius=10)
        canvas.text(65, 32, "LIVE", 18, _WHITE, weight="bold")
        canvas.box(130, 16, 272, 48, mix(_INK, _WHITE, 0.08), radius=16)
        canvas.text(146, 32, f"{2_418 + 517 * scene.segment:,} watching", 15, _WHITE, anchor="lm")
        canvas.box(988, 16, 1248, 48, _INK, radius=16)
        image.alpha_composite(canvas.layer())
        return _array(image)

    def _draw_back(self, segment: int) -> Image.Image:
        """Background, people and the board's shadow; what stands in front of them comes later."""
        slide = self._slides[segment]
        image = self._wall(segment).copy()
        for index in range(len(slide.people)):
            image.alpha_composite(self._person(segment, index, 0, False))
        return image

    def _draw_wall(self, segment: int) -> Image.Image:
        upper, lower, accent = _PALETTES[self._slides[segment].board]
        image = gradient((WIDTH, HEIGHT), upper, lower)
        canvas = Canvas(WIDTH, HEIGHT)
        light = mix(upper, _WHITE, 0.22)
        canvas.disc(236, 330, 216, light)
        canvas.disc(236, 330, 176, mix(light, _WHITE, 0.25))
        canvas.disc(1236, 60, 120, mix(upper, accent, 0.12))
        canvas.disc(40, 560, 90, mix(lower, accent, 0.14))
        canvas.text(34, 88, "Friday Evening", 25, _INK, weight="bold")
        canvas.text(34, 115, "live from our studio", 16, mix(_INK, upper, 0.25))
        image.alpha_composite(canvas.layer())
        image.alpha_composite(shadow((WIDTH, HEIGHT), _CARD, 30, 90))
        return image

    def _draw_desk(self, canvas: Canvas, slide: Slide) -> None:
        _, lower, accent = _PALETTES[slide.board]
        wood = mix((236, 206, 176), lower, 0.25)
        canvas.box(0, _DESK, WIDTH, HEIGHT, mix(wood, _INK, 0.1))
        canvas.box(0, _DESK, WIDTH, _DESK + 20, mix(wood, _WHITE, 0.35))
        canvas.box(0, _DESK + 20, WIDTH, _DESK + 25, mix(wood, _INK, 0.24))
        for x in range(60, WIDTH, 145):
            canvas.box(x, _DESK + 46, x + 4, HEIGHT, mix(wood, _INK, 0.16))
        for index, (_, name) in enumerate(slide.people):
            x, y = _tag_place(slide, index)
            canvas.box(x, y, x + 116, y + 34, accent, radius=17)
            canvas.text(x + 68, y + 17, name, 18, _WHITE, weight="bold", anchor="mm")

    # ----------------------------------------------------------------- moving parts

    def _person(self, segment: int, index: int, mouth: int, blink: bool) -> Image.Image:
        slide = self._slides[segment]
        canvas = Canvas(WIDTH, HEIGHT)
        x, y, zoom = _person_place(slide, index)
        draw_person(canvas.at(x, y, zoom), LOOKS[slide.people[index][0]], mouth, blink=blink)
        return canvas.layer()

    def _draw_face(
        self, segment: int, index: int, mouth: int, blink: bool
    ) -> tuple[Picture, int, int]:
        x, y, zoom = _person_place(self._slides[segment], index)
        box = (
            round(x + 88 * zoom),
            round(y + 112 * zoom),
            round(x + 212 * zoom),
            round(y + 240 * zoom),
        )
        image = self._wall(segment).crop(box)
        canvas = Canvas(box[2] - box[0], box[3] - box[1])
        look = LOOKS[self._slides[segment].people[index][0]]
        draw_person(canvas.at(x - box[0], y - box[1], zoom), look, mouth, blink=blink)
        image.alpha_composite(canvas.layer())
        return _array(image), box[0], box[1]

    def _bars(self, segment: int, index: int, level: int) -> tuple[Picture, int, int]:
        slide = self._slides[segment]
        x, y = _tag_place(slide, index)
        _, _, accent = _PALETTES[slide.board]
        patch = np.empty((20, 20, 3), np.uint8)
        patch[:] = accent
        for column, share in enumerate((3, 5, 4)):
            tall = 3 + share * level
            top = 10 - tall // 2
            patch[top : top + tall, column * 7 : column * 7 + 4] = _WHITE
        return patch, x + 16, y + 7

    def _stamp(self, picture: Picture, number: int, milliseconds: int) -> None:
        seconds, milli = divmod(milliseconds, 1000)
        text = f"frame {number:06} {seconds // 60:2}:{seconds % 60:02}.{milli // 10:02}"
        for place, char in enumerate(text):
            if char != " ":
                _paste(picture, self._glyphs[char], 1001 + 11 * place, 20)


# --------------------------------------------------------------------- boards


def _product(c: Canvas, slide: Slide, shown: tuple[str, ...]) -> None:
    upper, _, accent = _PALETTES[slide.board]
    c.box(480, 108, 800, 520, mix(upper, _WHITE, 0.45), radius=22)
    DRAWINGS[slide.board](c.at(490, 156 if slide.board == "camera" else 132))
    c.text(830, 140, slide.title, 38, _INK, weight="bold")
    c.text(831, 182, slide.tagline, 18.5, _SOFT)
    for row, benefit in enumerate(slide.benefits[: shown.count("benefit")]):
        y = 234 + 41 * row
        c.disc(843, y, 13, accent)
        c.line(((837, y), (841.5, y + 5), (849, y - 5)), _WHITE, 3)
        c.text(868, y, benefit, 21, _INK)
    if "price" in shown:
        c.box(830, 402, 970, 472, accent, radius=18)
        c.text(900, 436, slide.price, 46, _WHITE, weight="bold", anchor="mm")
        width = c.text(988, 437, slide.was, 28, _SOFT)
        c.line(((984, 439), (992 + width, 435)), _RED, 3.5)
        c.text(831, 499, slide.extra, 19, _SOFT)
    elif "was" in shown:
        c.text(831, 437, "usually", 22, _SOFT)
        c.text(918, 437, slide.was, 38, _INK, weight="bold")
    if "order" in shown:
        c.box(1066, 408, 1220, 466, _YELLOW, radius=29)
        c.text(1143, 437, "Order now", 22, _INK, weight="bold", anchor="mm")


def _line_up(c: Canvas, slide: Slide, _: tuple[str, ...]) -> None:
    c.text(850, 132, slide.title, 34, _INK, weight="bold", anchor="mm")
    c.text(850, 170, "three new things, three special prices", 19, _SOFT, anchor="mm")
    _minis(c, slide, priced=False)


def _thanks(c: Canvas, slide: Slide, _: tuple[str, ...]) -> None:
    c.text(850, 132, slide.title, 34, _INK, weight="bold", anchor="mm")
    c.text(850, 170, "next show: Friday, eight in the evening", 19, _SOFT, anchor="mm")
    _minis(c, slide, priced=True)


def _minis(c: Canvas, slide: Slide, *, priced: bool) -> None:
    for column, (board, title, price) in enumerate(slide.products):
        x = 484 + 249 * column
        c.box(x, 200, x + 234, 518, mix(_PALETTES[board][0], _WHITE, 0.4), radius=22)
        DRAWINGS[board](c.at(x + 12, 212, 0.7))
        accent = _PALETTES[board][2]
        if priced:
            c.text(x + 20, 490, title, 17, _INK)
            c.text(x + 216, 489, price, 25, accent, weight="bold", anchor="rm")
        else:
            c.text(x + 117, 490, title, 20, _INK, weight="bold", anchor="mm")


def _weather(c: Canvas, slide: Slide, _: tuple[str, ...]) -> None:
    c.text(850, 132, slide.title, 34, _INK, weight="bold", anchor="mm")
    for x, drawing, place in ((510, "rain", "in the city"), (870, "sunshine", "in Florida")):
        DRAWINGS[drawing](c.at(x, 168, 0.9))
        c.text(x + 135, 514, place, 19, _SOFT, anchor="mm")


def _chat(c: Canvas, slide: Slide, shown: tuple[str, ...]) -> None:
    accent = _PALETTES[slide.board][2]
    c.text(490, 132, slide.title, 34, _INK, weight="bold")
    c.text(1212, 134, "say hello in the chat", 18, _SOFT, anchor="rm")
    faces = ((92, 150, 214), (240, 150, 84), (98, 176, 126))
    for row, (name, text) in enumerate(slide.messages[: shown.count("message")]):
        y = 176 + 116 * row
        c.disc(524, y + 46, 33, faces[row % len(faces)])
        c.text(524, y + 45, name[0], 32, _WHITE, weight="bold", anchor="mm")
        c.box(576, y, 1208, y + 92, mix(accent, _WHITE, 0.88), radius=24)
        c.shape(((562, y + 46), (580, y + 34), (580, y + 58)), mix(accent, _WHITE, 0.88))
        c.text(600, y + 28, name, 19, accent, weight="bold")
        c.text(600, y + 61, text, 24, _INK)


# --------------------------------------------------------------------- places and patches


def _person_place(slide: Slide, index: int) -> tuple[float, float, float]:
    """Left, top and zoom of a person's drawing."""
    if len(slide.people) == 1:
        return 236 - 150 * 1.12, 124, 1.12
    return (34, 232)[index] - 8, 244, 0.8


def _tag_place(slide: Slide, index: int) -> tuple[int, int]:
    x, _, zoom = _person_place(slide, index)
    return round(x + 150 * zoom) - 58, _DESK - 46


def _array(image: Image.Image) -> Picture:
    return np.array(image.convert("RGB"))


def _paste(picture: Picture, patch: Picture, x: int, y: int) -> None:
    height, width = patch.shape[:2]
    picture[y : y + height, x : x + width] = patch


def _live_dot(on: bool) -> Picture:
    image = Image.new("RGBA", (16, 16), (*_RED, 255))
    canvas = Canvas(16, 16)
    canvas.disc(8, 8, 6, _WHITE if on else mix(_RED, _WHITE, 0.35))
    image.alpha_composite(canvas.layer())
    return _array(image)


def _glyph(char: str) -> Picture:
    image = Image.new("RGBA", (11, 24), (*_INK, 255))
    canvas = Canvas(11, 24)
    canvas.text(5.5, 12, char, 18, _WHITE, weight="mono", anchor="mm")
    image.alpha_composite(canvas.layer())
    return _array(image)
