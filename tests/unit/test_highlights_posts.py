"""Posts keep within what the platforms allow, whatever the texts are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videoclip.highlights.platforms import LIMITS, fit_post, weighted_length
from videoclip.highlights.posts import ClipText, template_posts
from videoclip.schemas import Genre, Platform, Post

ENGLISH = ClipText(
    title="Wireless vacuum: ninety nine dollars",
    hook="",
    quote="with us it is ninety nine dollars and that is half price",
    product="",
    hashtags=("WirelessVacuum",),
    sentences=(
        "our second product today is the wireless vacuum",
        "this vacuum weighs less than two kilos",
        "the battery of the vacuum lasts for forty five minutes",
        "charge the battery overnight",
    ),
    language="en",
    genre=Genre.COMMERCE,
    platforms=tuple(Platform),
)
CHINESE = ClipText(
    title="无线吸尘器：两百九十九",
    hook="地毯里的猫毛怎么办？",
    quote="今晚我们的到手价是两百九十九",
    product="无线吸尘器",
    hashtags=("吸尘器",),
    sentences=("接下来第二款是无线吸尘器", "这台吸尘器吸力非常强劲", "滤网可以用水洗"),
    language="zh",
    genre=Genre.COMMERCE,
    platforms=tuple(Platform),
)


def assert_within(post: Post) -> None:
    limits = LIMITS[post.platform]
    assert len(post.title) <= limits.title
    assert not post.title or len(post.title) >= limits.least_title
    assert len(post.description) <= limits.description
    assert len(post.hashtags) <= limits.hashtags
    assert len(set(post.hashtags)) == len(post.hashtags)
    for tag in post.hashtags:
        assert tag
        assert all(c.isalnum() or c == "_" for c in tag)
    if limits.weighted:
        whole = " ".join([post.description, *(f"#{tag}" for tag in post.hashtags)])
        assert weighted_length(whole) <= limits.weighted
    if limits.title_marks is not None:
        assert all(c.isalnum() or c in f" {limits.title_marks}" for c in post.title)
    assert "\n" not in post.title + post.description


@settings(max_examples=40, deadline=None)
@given(
    platform=st.sampled_from(Platform),
    title=st.text(max_size=300),
    description=st.text(max_size=6000),
    hashtags=st.lists(st.text(max_size=60), max_size=30),
)
def test_no_text_goes_over_a_limit(
    platform: Platform, title: str, description: str, hashtags: list[str]
) -> None:
    assert_within(fit_post(platform, title, description, hashtags, "llm"))


@pytest.mark.parametrize("clip", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_templates_say_what_the_clip_says(clip: ClipText) -> None:
    posts = {post.platform: post for post in template_posts(clip)}
    assert list(posts) == list(Platform)
    for post in posts.values():
        assert_within(post)
        assert clip.quote in post.description
        assert post.engine == "template"
        assert post.hashtags
    assert posts[Platform.SHORTS].title == clip.title
    assert posts[Platform.X].title == ""
    assert posts[Platform.X].description.startswith(clip.title)


def test_templates_of_chinese_clips_are_chinese() -> None:
    posts = {post.platform: post for post in template_posts(CHINESE)}
    douyin = posts[Platform.DOUYIN]
    assert douyin.description == "地毯里的猫毛怎么办？今晚我们的到手价是两百九十九。"
    assert douyin.hashtags[:2] == ["无线吸尘器", "吸尘器"]
    assert "好物分享" in douyin.hashtags
    assert posts[Platform.CHANNELS].title == "无线吸尘器：两百九十九"


def test_hashtags_are_the_words_that_the_clip_repeats() -> None:
    douyin = template_posts(ENGLISH)[0]
    assert douyin.hashtags == ["WirelessVacuum", "vacuum", "battery", "GoodFinds"]


def test_wide_characters_count_twice_on_x() -> None:
    assert weighted_length("ab中🙂") == 6
    post = fit_post(Platform.X, "标题", "中" * 300, ["吸尘器", "好物"], "llm")
    assert_within(post)
    assert post.hashtags == ["吸尘器", "好物"]
    assert post.description.endswith("…")


def test_a_title_that_is_too_short_for_channels_is_left_out() -> None:
    assert fit_post(Platform.CHANNELS, "短", "文字", [], "llm").title == ""
    assert fit_post(Platform.CHANNELS, "一二三，四五六！", "", [], "llm").title == "一二三 四五六"
