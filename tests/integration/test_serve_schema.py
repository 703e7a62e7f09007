"""The schema of our questions compiles in the grammar engine that the served model answers under."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import tiny_qwen
from videoclip.highlights.answer import answer_schema
from videoclip.highlights.protocol import Brief, Window
from videoclip.schemas import Genre, Sentence, Word

xgrammar = pytest.importorskip("xgrammar", reason="vLLM is not installed on this platform")


@pytest.mark.parametrize("genre", list(Genre))
def test_the_answer_s_schema_compiles_with_and_without_white_space(
    genre: Genre, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_qwen.build(tmp_path / "qwen"))
    words = [Word(id=0, text="word", start_ms=0, end_ms=900)]
    sentences = tuple(
        Sentence(id=n, text="word", start_ms=n * 1000, end_ms=n * 1000 + 900, words=words)
        for n in range(60)
    )
    brief = Brief(genre=genre, prompt="", language="en", top=5, min_ms=1000, max_ms=9000)
    schema = json.dumps(answer_schema(Window(0, sentences), brief, 10))
    compiler = xgrammar.GrammarCompiler(xgrammar.TokenizerInfo.from_huggingface(tokenizer))
    for white_space in (True, False):
        assert compiler.compile_json_schema(schema, any_whitespace=white_space)
