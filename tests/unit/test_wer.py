"""The yardstick for recognisers counts what it says it counts."""

from __future__ import annotations

import pytest

from tests.support.wer import normalise, word_error_rate, word_errors


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors", "words"),
    [
        ("The price is nine dollars.", "the price is nine dollars", 0, 5),
        ("one two three", "one three", 1, 3),
        ("one two three", "one two two three", 1, 3),
        ("one two three", "one too three", 1, 3),
        ("one two three", "", 3, 3),
        ("", "one two", 2, 0),
        ("OK, it's thirty-five", "okay it's thirty five", 0, 4),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s", "it's", 0, 1),
        ("the battle", "the bottle", 1, 2),
    ],
)
def test_errors_are_the_least_number_of_word_edits(
    reference: str, hypothesis: str, errors: int, words: int
) -> None:
    assert word_errors(reference, hypothesis) == (errors, words)


def test_the_rate_is_relative_to_the_reference() -> None:
    assert word_error_rate("a b c d", "a b x d e") == 0.5
    with pytest.raises(ValueError, match="no words"):
        word_error_rate("...", "something")


def test_punctuation_and_case_do_not_count() -> None:
    assert normalise("Hello, WORLD! (Again)") == ["hello", "world", "again"]
