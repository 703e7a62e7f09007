"""Train the tiny BiCifParaformer on flite's voices: a vocabulary of some sixty words, exact word times."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scripts._flite import RATE, VOICES, speak_words
from scripts._tiny_folder import build_network, write_model
from scripts._tiny_text import VOCABULARY, sentences

__all__ = ["CONFIG", "TOKENS", "Example", "example", "prepare", "train"]

TOKENS = ("<blank>", "<s>", "</s>", *VOCABULARY, "<unk>")
_WIDTH = 128
_FRAME_MS = 60
_UPSAMPLED = 3
_PER_MS = RATE // 1000

CONFIG: dict[str, Any] = {
    "model": "BiCifParaformer",
    "model_conf": {
        "ctc_weight": 0.3,
        "lsm_weight": 0.1,
        "length_normalized_loss": True,
        "predictor_weight": 1.0,
        "predictor_bias": 1,
        "sampling_ratio": 0.75,
    },
    "encoder": "SANMEncoder",
    "encoder_conf": {
        "output_size": _WIDTH,
        "attention_heads": 4,
        "linear_units": 384,
        "num_blocks": 4,
        "dropout_rate": 0.05,
        "positional_dropout_rate": 0.05,
        "attention_dropout_rate": 0.05,
        "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder",
        "normalize_before": True,
        "kernel_size": 11,
        "sanm_shfit": 0,
        "selfattention_layer_type": "sanm",
    },
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": {
        "attention_heads": 4,
        "linear_units": 256,
        "num_blocks": 1,
        "dropout_rate": 0.05,
        "positional_dropout_rate": 0.05,
        "self_attention_dropout_rate": 0.05,
        "src_attention_dropout_rate": 0.05,
        "att_layer_num": 1,
        "kernel_size": 11,
        "sanm_shfit": 0,
    },
    "predictor": "CifPredictorV3",
    "predictor_conf": {
        "idim": _WIDTH,
        "threshold": 1.0,
        "l_order": 1,
        "r_order": 1,
        "tail_threshold": 0.45,
        "smooth_factor2": 0.5,
        "noise_threshold2": 0.01,
        "upsample_times": _UPSAMPLED,
        "use_cif1_cnn": False,
        "upsample_type": "cnn_blstm",
    },
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": RATE,
        "window": "hamming",
        "n_mels": 80,
        "frame_length": 25,
        "frame_shift": 10,
        "lfr_m": 7,
        "lfr_n": 6,
        "dither": 0.0,
    },
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
}


@dataclass(frozen=True, slots=True)
class Example:
    """Samples at 16 kHz and their words as ``(text, start_ms, end_ms)``."""

    samples: NDArray[np.int16]
    words: tuple[tuple[str, int, int], ...]


def example(text: str, voice: str, rng: random.Random) -> Example:
    """``text`` spoken at some speed, in some room, with silence of some length around it."""
    said = speak_words(text, voice, rng.uniform(0.85, 1.2))
    before, after = rng.randint(0, 300), rng.randint(50, 700)
    level = 10 ** rng.uniform(-0.35, 0.35)
    padded = np.pad(said.samples.astype(np.float64) * level, (before * _PER_MS, after * _PER_MS))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(
        0, rng.choice((1, 5, 30)), len(padded)
    )
    samples = (padded + noise).clip(-32_768, 32_767).astype(np.int16)
    words = tuple((word, start + before, end + before) for word, start, end in said.words)
    return Example(samples, words)


@dataclass(frozen=True, slots=True)
class _Item:
    features: torch.Tensor  # frames of 60 ms by 560
    tokens: torch.Tensor
    ends: torch.Tensor  # cumulated weight of the first predictor after each frame
    starts: torch.Tensor  # of the second, three for each frame; it fires where a word starts

    @property
    def labels(self) -> torch.Tensor:
        """The token that is being said in each frame, 0 for none."""
        at = (torch.arange(len(self.features)) * _UPSAMPLED + 3).clamp(max=len(self.starts) - 1)
        word = self.starts[at].floor().long() - 1
        inside = (word >= 0) & (word < len(self.tokens))
        return torch.where(inside, self.tokens[word.clamp(0, len(self.tokens) - 1)], 0)


def prepare(utterances: int, seed: int = 1, report: Any = print) -> list[_Item]:
    """Speak sentences of the grammar, the voices in turn."""
    rng = random.Random(seed)
    frontend = _frontend()
    items: list[_Item] = []
    for number, text in enumerate(sentences(seed, utterances)):
        items.append(_item(example(text, VOICES[number % len(VOICES)], rng), frontend))
        if number % 200 == 199:
            report(f"spoken {number + 1}")
    return items


def train(
    folder: Path,
    items: Sequence[_Item],
    *,
    cycles: Sequence[tuple[int, float, float]],
    seed: int = 1,
    report: Any = print,
    start: Path | None = None,
) -> Path:
    """Train on ``items``, write the folder; the same arguments and threads give the same weights.

    Args:
        folder: where to.
        items: of ``prepare``.
        cycles: each as its epochs, its highest learning rate, and the share of it in which that is reached.
        seed: of the first weights and the order.
        report: told of each epoch.
        start: weights to begin with, as they are stored.
    """
    network = build_network(CONFIG, TOKENS, seed)
    for number, cycle in enumerate(cycles):
        if start is not None:
            network.load_state_dict(torch.load(start, weights_only=True))
            torch.manual_seed(seed + number)
        _cycle(folder, network, items, cycle, random.Random(seed + number), report)
        start = folder / "model.pt"
    return folder


def _cycle(
    folder: Path,
    network: Any,
    items: Sequence[_Item],
    cycle: tuple[int, float, float],
    rng: random.Random,
    report: Any,
) -> None:
    """One rise and fall of the learning rate."""
    epochs, highest, rise = cycle
    optimiser = torch.optim.AdamW(network.parameters(), lr=highest, weight_decay=0.01)
    batches = len(_order(items, random.Random(0)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, highest, total_steps=epochs * batches + 4, pct_start=rise
    )
    network.train()
    # FunASR runs the predictor once more to count its second head's words; here that head is told their times.
    network._calc_pre2_loss = lambda *_: torch.zeros(())
    for epoch in range(epochs):
        losses: list[float] = []
        for batch in _order(items, rng):
            optimiser.zero_grad()
            loss = _loss(network, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        report(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.3f}")
        if epoch % 2 == 1 or epoch == epochs - 1:
            network.eval()
            write_model(folder, CONFIG, TOKENS, network)
            network.train()


def _frontend() -> Any:
    from funasr.register import tables

    return tables.frontend_classes["WavFrontend"](**CONFIG["frontend_conf"])


def _item(spoken: Example, frontend: Any) -> _Item:
    samples = torch.from_numpy(spoken.samples.astype(np.float32) / 32_768.0)
    features, _ = frontend(samples[None], torch.tensor([len(samples)]))
    frames = features.shape[1]
    tokens = torch.tensor([TOKENS.index(word) for word, _, _ in spoken.words])
    ends = [end for _, _, end in spoken.words]
    # A word's weight is spent between its middle and its end, the last piece (end of speech) after it.
    points = [(0.0, 0.0)]
    for i, (_, start, end) in enumerate(spoken.words):
        points += [(start + 0.2 * (end - start), float(i)), (end - 0.1 * (end - start), i + 1.0)]
    points.append((ends[-1] + 150.0, len(ends) + 1.0))
    at = (np.arange(frames) + 1) * float(_FRAME_MS)
    first = np.interp(at, *zip(*points, strict=True))
    # FunASR takes 1.5 frames off where the second one fires, and a word from one firing to the next.
    fine = _FRAME_MS / _UPSAMPLED
    marks = [start for _, start, _ in spoken.words] + [ends[-1]]
    fired = [(mark / fine + 2.0, number + 1.0) for number, mark in enumerate(marks)]
    steep = [(max(-1.0, fired[0][0] - 3.0), 0.0), *fired]
    second = np.interp(np.arange(frames * _UPSAMPLED) + 1.0, *zip(*steep, strict=True))
    return _Item(
        features[0], tokens, torch.from_numpy(first).float(), torch.from_numpy(second).float()
    )


def _order(items: Sequence[_Item], rng: random.Random, size: int = 16) -> list[list[_Item]]:
    """Batches of like length in any order."""
    ranked = sorted(items, key=lambda item: len(item.features) + rng.uniform(0, 12))
    batches = [ranked[i : i + size] for i in range(0, len(ranked), size)]
    rng.shuffle(batches)
    return batches


def _loss(network: Any, batch: Sequence[_Item]) -> torch.Tensor:
    """FunASR's own loss, and how far the weights of both predictors are from where the words are."""
    lengths = torch.tensor([len(item.features) for item in batch])
    counts = torch.tensor([len(item.tokens) for item in batch])
    pad = torch.nn.utils.rnn.pad_sequence
    speech = _masked([item.features for item in batch])
    text = pad([item.tokens for item in batch], batch_first=True, padding_value=-1)
    seen: dict[str, torch.Tensor] = {}
    labels = pad([item.labels for item in batch], batch_first=True, padding_value=-1)
    # The words' times are known, so CTC, which has to find them, gives way to a label for each frame.
    network._calc_ctc_loss = lambda encoded, *_: (
        torch.nn.functional.cross_entropy(
            network.ctc.ctc_lo(encoded).transpose(1, 2), labels, ignore_index=-1
        ),
        None,
    )
    with _watching(network, seen):
        loss, _, _ = network(speech, lengths, text, counts)
    for key, name, times in (("first", "ends", 1), ("second", "starts", _UPSAMPLED)):
        target = pad([getattr(item, name) for item in batch], batch_first=True)
        known = torch.arange(target.shape[1])[None] < (lengths * times)[:, None]
        gap = (torch.cumsum(seen[key], 1)[:, : target.shape[1]] - target).abs() * known
        loss = loss + gap.sum() / known.sum()
    return loss


def _masked(features: Sequence[torch.Tensor]) -> torch.Tensor:
    """One batch; some bands and frames are blotted out, as SpecAugment does."""
    rows = []
    for row in features:
        blotted = row.clone()
        band = int(torch.randint(0, 70, (1,)))
        width = int(torch.randint(0, 10, (1,)))
        for part in range(7):
            blotted[:, part * 80 + band : part * 80 + band + width] = 0.0
        rows.append(blotted)
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def _watching(network: Any, seen: dict[str, torch.Tensor]) -> Any:
    """Keeps the weights of both predictors, as they are before they are scaled to the number of words."""
    from contextlib import contextmanager

    @contextmanager
    def watching() -> Iterator[None]:
        predictor = network.predictor

        def first(_: Any, __: Any, output: torch.Tensor) -> None:
            seen["first"] = torch.sigmoid(output).squeeze(-1)

        def second(_: Any, __: Any, output: torch.Tensor) -> None:
            weights = torch.sigmoid(output) * predictor.smooth_factor2 - predictor.noise_threshold2
            seen["second"] = torch.relu(weights).squeeze(-1)

        hooks = [
            predictor.cif_output.register_forward_hook(first),
            predictor.cif_output2.register_forward_hook(second),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    return watching()
