"""Product lists in every form, and where the products are talked about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.shows import TUNING, iou, make_show
from videoclip.cli import options
from videoclip.errors import UsageError
from videoclip.highlights.extractive import ExtractiveHighlighter
from videoclip.highlights.features import analyse
from videoclip.highlights.mentions import product_mentions
from videoclip.highlights.products import parse_products
from videoclip.highlights.protocol import Brief, Window
from videoclip.highlights.selection import select
from videoclip.schemas import Candidate, Genre, Platform, Product

EXPECTED = [
    Product(name="Glass kettle", aliases=["kettle", "water boiler"]),
    Product(name="玻尿酸面膜", aliases=["面膜"]),
    Product(name="VX-9"),
]

FORMS = {
    "lines": "# tonight\nGlass kettle | kettle | water boiler\n\n玻尿酸面膜｜面膜\nVX-9\nVX-9 | twice",
    "csv": 'id,Name,Aliases\n1,Glass kettle,"kettle, water boiler"\n2,玻尿酸面膜,面膜\n3,VX-9,\n',
    "csv zh": "商品名称,别名\nGlass kettle,kettle、water boiler\n玻尿酸面膜,面膜\nVX-9,\n",
    "tabs": "name\taliases\nGlass kettle\tkettle;water boiler\n玻尿酸面膜\t面膜\nVX-9\t\n",
    "json objects": json.dumps(
        [{"name": "Glass kettle", "aliases": ["kettle", "water boiler"]},
         {"name": "玻尿酸面膜", "aliases": "面膜"}, "VX-9"]
    ),
    "json map": json.dumps(
        {"Glass kettle": ["kettle", "water boiler"], "玻尿酸面膜": ["面膜"], "VX-9": []}
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
def test_a_list_is_read_in_every_form(form: str, mark: str) -> None:
    assert parse_products(mark + FORMS[form]) == EXPECTED


@pytest.mark.parametrize("form", ["lines", "csv", "json map"])
def test_the_command_takes_a_file(form: str, tmp_path: Path) -> None:
    file = tmp_path / "products.txt"
    file.write_text(FORMS[form], encoding="utf-8-sig")
    assert options.product_list(str(file)) == EXPECTED


def test_the_command_takes_the_list_itself() -> None:
    assert options.product_list("Glass kettle|kettle; VX-9") == [
        Product(name="Glass kettle", aliases=["kettle"]),
        Product(name="VX-9"),
    ]
    assert options.product_list(None) == []


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no product"),
        ("# only a comment", "no product"),
        ("[1, 2]", "cannot be read"),
        ('[{"aliases": []}]', "cannot be read"),
        ("[broken", "cannot be read"),
        ("x" * 200, "at most 120"),
        ("\n".join(f"product {k}" for k in range(201)), "201 products"),
    ],
    ids=["empty", "comment", "numbers", "nameless", "broken", "long", "many"],
)
def test_what_is_no_list_is_refused_with_a_remedy(text: str, cause: str) -> None:
    with pytest.raises(UsageError, match=cause) as caught:
        parse_products(text)
    assert caught.value.remedy


def test_a_missing_file_is_not_taken_for_a_product(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a file"):
        options.product_list(str(tmp_path / "products.csv"))


def test_platforms_by_name() -> None:
    assert options.platform_list("all") == list(Platform)
    assert options.platform_list("none") == []
    assert options.platform_list("x, Douyin,x") == [Platform.X, Platform.DOUYIN]
    for wrong in ("", "myspace", "x,myspace"):
        with pytest.raises(UsageError, match="no such platform"):
            options.platform_list(wrong)


# ------------------------------------------------------------------ in what is said


def chosen(name: str, products: list[Product]) -> list[Candidate]:
    script, language = TUNING[name]
    transcript = make_show(script, language=language).transcript
    brief = Brief(Genre.AUTO, "", language, 9, 15_000, 90_000, tuple(products))
    proposals = ExtractiveHighlighter().propose(Window(0, tuple(transcript.sentences)), brief)
    found = select(
        proposals.proposals, transcript, brief, pauses_ms=(), duration_ms=transcript.duration_ms
    )
    return [candidate for candidate in found if candidate.selected]


def test_words_that_products_share_tell_less() -> None:
    show = make_show(TUNING["kitchen"][0], language="en").transcript
    features = analyse(show.sentences, (), Genre.COMMERCE)
    products = [Product(name="glass kettle"), Product(name="steel kettle")]
    glass, steel = product_mentions(features, products)
    named = next(i for i, text in enumerate(features.texts) if "glass water kettle" in text)
    only_kettle = next(i for i, text in enumerate(features.texts) if "used this kettle" in text)
    assert glass[named] > steel[named]
    assert glass[only_kettle] == steel[only_kettle] < 0.5


@pytest.mark.parametrize(
    ("name", "list_", "subjects"),
    [
        ("kitchen", ["wireless vacuum", "frying pan"], ["vacuum", "pan"]),
        ("live", ["玻尿酸面膜", "麦饭石不粘锅"], ["面膜", "锅"]),
        ("garden", ["Stretch hose 30 m", "leather gloves", "solar lamp"], ["hose", "gloves", "lamp"]),
    ],
)  # fmt: skip
def test_each_product_gets_one_window_titled_after_it(
    name: str, list_: list[str], subjects: list[str]
) -> None:
    show = make_show(TUNING[name][0], language=TUNING[name][1])
    clips = {clip.product: clip for clip in chosen(name, [Product(name=n) for n in list_])}
    assert set(clips) == set(list_)
    for product, subject in zip(list_, subjects, strict=True):
        clip = clips[product]
        assert clip.title.startswith(product)
        assert iou((clip.start_ms, clip.end_ms), show.subjects[subject]) >= 0.7


def test_a_product_that_is_not_shown_gets_none() -> None:
    products = [Product(name="electric toothbrush"), Product(name="wireless vacuum")]
    assert [clip.product for clip in chosen("kitchen", products)] == ["wireless vacuum"]


def test_an_alias_finds_what_the_name_does_not() -> None:
    assert chosen("kitchen", [Product(name="XK-2000")]) == []
    (clip,) = chosen("kitchen", [Product(name="XK-2000", aliases=["kettle"])])
    assert clip.title == "XK-2000: thirty nine dollars"
    assert clip.hashtags[0] == "XK2000"
