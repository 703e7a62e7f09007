"""Search in what was said: in Chinese and English, on both databases, to the exact time, for one's own workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from videoclip.errors import InvalidRequest, NotFound
from videoclip.schemas import Transcript
from videoclip.schemas.transcript import Engine, Sentence, Word
from videoclip.settings import Settings
from videoclip.store.database import Database
from videoclip.store.models import Workspace
from videoclip.store.search import Search, index_heard, supercut
from videoclip.store.search_terms import Phrase, asked, terms
from videoclip.store.transcripts import Transcripts

SAID = {
    "talk": [
        "Welcome to the shop, today we ship the new Café kettle.",
        "It boils water in three minutes, and shipping is free!",
        "Don't forget: version 3.5 costs 1,299 yuan.",
        "The kettle has a state-of-the-art handle.",
    ],
    "live": [
        "大家好，今天给大家介绍一款智能手机。",
        "这款手机的价格是两千九百九十九元，电池很耐用。",
        "我们的生产品质非常好，支持ＨＤＲ视频。",
        "“小鹿亮亮”是新出的牌子，iPhone 用户也可以用。",
    ],
}


def transcript(sentences: list[str]) -> Transcript:
    """A second a word, a tenth between."""
    made, clock, number = [], 0, 0
    for index, text in enumerate(sentences):
        pieces = text.split() if text.isascii() or "é" in text else list(text.replace(" ", ""))
        words = []
        for piece in pieces:
            words.append(Word(id=number, text=piece, start_ms=clock, end_ms=clock + 900))
            number, clock = number + 1, clock + 1000
        made.append(
            Sentence(
                id=index, text=text, start_ms=words[0].start_ms, end_ms=words[-1].end_ms,
                words=words, speaker=f"s{index % 2}",
            )
        )  # fmt: skip
    return Transcript(language="zh", duration_ms=clock, engine=Engine(name="test"), sentences=made)


@pytest.fixture
async def library(store_settings: Settings) -> AsyncIterator[tuple[Database, dict[str, str]]]:
    """Two workspaces with two transcripts each; the stranger's are the same."""
    database = Database(store_settings)
    await database.open()
    ids: dict[str, str] = {}
    async with database.session() as session:
        session.add_all(Workspace(id=name, name=name) for name in ("ours", "theirs"))
    async with database.queue() as queue:
        for workspace in ("ours", "theirs"):
            for name in SAID:
                job = await queue.enqueue(workspace, "transcribe", {"source": name})
                ids[f"{workspace}/{name}"] = job.id
    async with database.session() as session:
        for key, job_id in ids.items():
            workspace, name = key.split("/")
            search = Search(session, workspace)
            assert await search.index_transcript(
                job_id, f"asset:{name}", transcript(SAID[name])
            ) == len(SAID[name])
    yield database, ids
    await database.close()


async def test_words_are_found_in_both_languages_to_the_exact_time(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    expected = {
        "kettle": [(0, "kettle"), (3, "kettle")],
        "ship": [(0, "ship"), (1, "shipping")],
        "SHIPPING free": [(1, "shipping")],
        "cafe": [(0, "Café")],
        "dont": [(2, "Don't")],
        "3.5": [(2, "3.5")],
        '"new cafe kettle"': [(0, "new Café kettle")],
        '"kettle new"': [],
        "state-of-the-art": [(3, "state-of-the-art")],
        "ettle": [],
        "手机": [(0, "手机"), (1, "手机")],
        "手机价格": [(1, "手机")],
        "手机 电池": [(1, "手机")],
        '"手机价格"': [],
        "手机的价格": [(1, "手机")],
        "hdr": [(2, "ＨＤＲ")],
        "小鹿亮亮": [(3, "小鹿亮亮")],
        "iphone 用户": [(3, "iPhone")],
        "电视": [],
    }
    async with database.reading() as session:
        search = Search(session, "ours")
        for query, wanted in expected.items():
            hits = await search.find(query)
            found = sorted((h.sentence, h.text[h.found[0].begin : h.found[0].end]) for h in hits)
            assert found == wanted, query
            assert {h.job_id for h in hits} <= {ids["ours/talk"], ids["ours/live"]}
        [hit] = await search.find("耐用")
        assert hit.text[hit.found[0].begin : hit.found[0].end] == "耐用"
        # The 24th and 25th characters of the second sentence, which follows 18 of the first.
        at = (18 + SAID["live"][1].index("耐")) * 1000
        assert (hit.found[0].start_ms, hit.found[0].end_ms) == (at, at + 1900)
        assert (hit.source, hit.speaker) == ("asset:live", "s1")
        [hit] = await search.find("minutes")
        at = (11 + SAID["talk"][1].split().index("minutes,")) * 1000
        assert (hit.found[0].start_ms, hit.found[0].end_ms) == (at, at + 900)
        assert hit.start_ms == 11_000


async def test_a_stranger_finds_nothing(library: tuple[Database, dict[str, str]]) -> None:
    database, ids = library
    async with database.session() as session:
        search = Search(session, "nobody")
        for query in ("kettle", "手机", '"', "a*", "kettle' OR 1=1 --"):
            try:
                assert await search.find(query) == []
            except InvalidRequest:
                assert query == '"'
        with pytest.raises(NotFound):
            await search.index_transcript(ids["ours/talk"], "asset:x", transcript(["stolen"]))
        await Search(session, "theirs").remove_transcript(ids["ours/talk"])
    async with database.reading() as session:
        ours = await Search(session, "ours").find("kettle")
        assert {hit.job_id for hit in ours} == {ids["ours/talk"]}
        assert len(ours) == 2


async def test_operators_of_the_databases_are_words_like_others(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, _ = library
    async with database.reading() as session:
        search = Search(session, "ours")
        for query in ('"', "", "  ", "!!!", "。，", '""', "*", "' \" \\ :* & | ! <-> ( )"):
            with pytest.raises(InvalidRequest):
                await search.find(query)
        for query in (
            "kettle OR water", "NEAR(kettle water)", "words:kettle", "kettle NOT boils",
            "kettle:*A & (x", "-kettle -x", "^kettle + zz", "x" * 3000, "字" * 500,
        ):  # fmt: skip
            assert await search.find(query) == [], query
        assert len(await search.find("kettle!!! -- ;")) == 2


async def test_of_a_corrected_transcript_only_changed_sentences_are_written(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    job = ids["ours/talk"]
    before = transcript(["One kettle.", "Two spoons.", "Three cups."])
    after = transcript(["One kettle.", "Two teapots.", "Three cups."])
    async with database.session() as session:
        search = Search(session, "ours")
        await search.index_transcript(job, "asset:talk", before)
        assert await search.index_transcript(job, "asset:talk", after, before) == 1
        found = {
            word: len(await search.find(word, job_id=job))
            for word in ("kettle", "spoons", "teapots", "cups")
        }
        assert found == {"kettle": 1, "spoons": 0, "teapots": 1, "cups": 1}
        await search.remove_transcript(job)
        assert await search.index_transcript(job, "asset:talk", after, before) == 3, (
            "it was not there"
        )


async def test_a_corrected_transcript_takes_the_old_ones_place(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    job = ids["ours/talk"]
    async with database.session() as session:
        await Search(session, "ours").index_transcript(
            job, "asset:talk", transcript(["Only this teapot remains."])
        )
    async with database.session() as session:
        search = Search(session, "ours")
        assert await search.find("kettle") == []
        assert [hit.text for hit in await search.find("teapot")] == ["Only this teapot remains."]
        await search.remove_transcript(job)
        assert await search.find("teapot") == []
        assert len(await Search(session, "theirs").find("kettle")) == 2


async def test_a_job_that_runs_again_leaves_corrections_in_the_search(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    job = ids["ours/talk"]
    heard = transcript(["One kettle.", "Two spoons."])
    mended = transcript(["One kettle.", "Two teapots."]).model_dump(mode="json")

    async def run_again() -> dict[str, int]:
        async with database.session() as session:
            await index_heard(session, job, heard)
            search = Search(session, "ours")
            return {word: len(await search.find(word)) for word in ("kettle", "spoons", "teapots")}

    assert await run_again() == {"kettle": 1, "spoons": 1, "teapots": 0}
    async with database.session() as session:
        transcripts = Transcripts(session, "ours")
        first = heard.model_dump(mode="json")
        made = await transcripts.add(first, name="talk", job_id=job)
        await transcripts.correct(made.id, 1, mended, before=first, author="ann")
    assert await run_again() == {"kettle": 1, "spoons": 0, "teapots": 1}


async def test_hits_are_narrowed_paged_and_cut_together(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    async with database.reading() as session:
        search = Search(session, "ours")
        assert await search.find("kettle", source="asset:live") == []
        assert len(await search.find("手机", job_id=ids["ours/live"])) == 2
        everything = await search.find("手机")
        pages = [await search.find("手机", limit=1, skip=skip) for skip in range(3)]
        assert [hit for page in pages for hit in page] == everything
        assert everything[0].rank >= everything[1].rank
        hits = [
            *await search.find("kettle"),
            *await search.find("water"),
            *await search.find("手机"),
        ]
    cuts = {
        cut.source: [(r.start_ms, r.end_ms) for r in cut.ranges]
        for cut in supercut(hits, pad_ms=100)
    }
    # Sentences 0 and 1 touch when padded, 3 stands alone.
    first, second, third, fourth = (len(text.split()) * 1000 for text in SAID["talk"])
    upto = first + second + third
    assert cuts["asset:talk"] == [(0, first + second), (upto - 100, upto + fourth)]
    assert len(cuts["asset:live"]) == 1
    words = supercut(hits[:1], whole_sentences=False)
    assert words[0].ranges[0].end_ms - words[0].ranges[0].start_ms == 900


async def test_words_that_are_written_otherwise_do_not_shift_the_times_of_the_others(
    library: tuple[Database, dict[str, str]],
) -> None:
    database, ids = library
    spoken = ["It", "costs", "twenty", "yuan", "only", "a", "kettle"]
    words = [
        Word(id=number, text=text, start_ms=number * 1000, end_ms=number * 1000 + 900)
        for number, text in enumerate(spoken)
    ]
    said = Sentence(
        id=0, text="It costs 20 yuan, only a kettle.", start_ms=0, end_ms=6900, words=words
    )
    whole = transcript(["x"]).model_copy(update={"sentences": [said]})
    async with database.session() as session:
        search = Search(session, "ours")
        await search.index_transcript(ids["ours/talk"], "asset:talk", whole)
        for word, second in (("costs", 1), ("yuan", 3), ("kettle", 6)):
            [hit] = await search.find(word, source="asset:talk")
            assert hit.found[0].start_ms == second * 1000, word


def test_text_and_query_become_the_same_terms() -> None:
    assert terms("Ｈello, Straße  naïve’s 可爱ｶﾌｪ 3.5%") == [
        "hello", "strasse", "naives", "可", "爱", "カ", "フ", "ェ", "3", "5",
    ]  # fmt: skip
    assert asked("the kettle") == [Phrase(("kettle",), prefix=True)]
    assert asked("the") == [Phrase(("the",), prefix=True)]
    assert asked("“手机 价格”") == [Phrase(("手", "机", "价", "格"))]
    assert len(asked(" ".join(f"w{i}" for i in range(50)))) == 12
