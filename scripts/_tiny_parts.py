"""The tiny models beside the recogniser: speech detection, punctuation, speakers, SenseVoice, SeACo."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts._flite import RATE, VOICES
from scripts._tiny_folder import build_network, write_model
from scripts._tiny_paraformer import CONFIG as PARAFORMER
from scripts._tiny_paraformer import TOKENS, Example, example
from scripts._tiny_text import SHOW, VOCABULARY, sentences

__all__ = ["punctuation", "seaco", "sensevoice", "speakers", "speech_detector", "spoken"]

_PER_MS = RATE // 1000
_SPEAKER_EPOCHS = 6
_CHUNK = int(1.5 * RATE)  # samples; what FunASR gives its speaker model at a time
_FRONTEND = {"fs": RATE, "window": "hamming", "n_mels": 80, "frame_length": 25, "frame_shift": 10}

_VAD: dict[str, Any] = {
    "model": "FsmnVADStreaming",
    "model_conf": {"sample_rate": RATE, "silence_pdf_num": 1, "sil_pdf_ids": [0]},
    "encoder": "FSMN",
    "encoder_conf": {
        "input_dim": 400,
        "input_affine_dim": 32,
        "fsmn_layers": 2,
        "linear_dim": 32,
        "proj_dim": 24,
        "lorder": 20,
        "rorder": 0,
        "lstride": 1,
        "rstride": 0,
        "output_affine_dim": 32,
        "output_dim": 4,
    },
    "frontend": "WavFrontendOnline",
    "frontend_conf": {**_FRONTEND, "dither": 0.0, "lfr_m": 5, "lfr_n": 1},
}

_PUNC: dict[str, Any] = {
    "model": "CTTransformer",
    "model_conf": {
        "punc_list": ["<unk>", "_", "，", "。", "？", "、"],
        "embed_unit": 32,
        "att_unit": 32,
        "dropout_rate": 0.0,
        "ignore_id": 0,
        "sentence_end_id": 3,
    },
    "encoder": "SANMEncoder",
    "encoder_conf": {
        "input_size": 32,
        "output_size": 32,
        "attention_heads": 2,
        "linear_units": 64,
        "num_blocks": 2,
        "dropout_rate": 0.0,
        "positional_dropout_rate": 0.0,
        "attention_dropout_rate": 0.0,
        "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder",
        "normalize_before": True,
        "kernel_size": 11,
        "sanm_shfit": 0,
        "selfattention_layer_type": "sanm",
    },
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
}
_PUNC_TOKENS = ("<unk>", "<s>", "</s>", *VOCABULARY)

_SPEAKER: dict[str, Any] = {
    "model": "CAMPPlus",
    "model_conf": {
        "feat_dim": 80,
        "embedding_size": 16,
        "growth_rate": 4,
        "bn_size": 2,
        "init_channels": 32,
        "memory_efficient": False,
    },
}

_SENSE_TAGS = (
    *(f"<|{tag}|>" for tag in ("zh", "en", "yue", "ja", "ko", "nospeech")),
    *(f"<|{tag}|>" for tag in ("NEUTRAL", "HAPPY", "EMO_UNKNOWN", "Speech", "BGM", "Laughter")),
    *(f"<|{tag}|>" for tag in ("withitn", "woitn")),
)


def spoken(count: int, seed: int) -> list[tuple[str, Example]]:
    """Utterances of the grammar with their voices, the voices in turn."""
    rng = random.Random(seed)
    return [
        (VOICES[i % 3], example(text, VOICES[i % 3], rng))
        for i, text in enumerate(sentences(seed, count))
    ]


def speech_detector(folder: Path, said: Sequence[tuple[str, Example]], seed: int = 2) -> None:
    """Train an FSMN to tell sound of speech from silence, frame by frame."""
    network = build_network(_VAD, (), seed)
    from funasr.register import tables

    frontend = tables.frontend_classes["WavFrontend"](**_VAD["frontend_conf"])
    rows: list[tuple[torch.Tensor, torch.Tensor]] = []
    for _, one in said:
        # Digital silence is far from any noise: unless it is learnt, FunASR takes a logarithm of zero there.
        padded = np.pad(one.samples, (0, RATE // 2))
        samples = torch.from_numpy(padded.astype(np.float32) / 32_768.0)
        features, _ = frontend(samples[None], torch.tensor([len(samples)]))
        at = torch.arange(features.shape[1]) * 10 + 12
        voiced = (at >= one.words[0][1]) & (at < one.words[-1][2])
        rows.append((features[0], voiced))
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    rng = random.Random(seed)
    for _ in range(6):
        rng.shuffle(rows)
        for start in range(0, len(rows), 8):
            batch = rows[start : start + 8]
            features = torch.nn.utils.rnn.pad_sequence([row for row, _ in batch], True)
            voiced = torch.nn.utils.rnn.pad_sequence([row for _, row in batch], True)
            silence = network.encoder(features, {})[..., 0].clamp(1e-5, 1 - 1e-5)
            optimiser.zero_grad()
            torch.nn.functional.binary_cross_entropy(
                silence, 0.05 + 0.9 * (~voiced).float()
            ).backward()
            optimiser.step()
    network.eval()
    write_model(folder, _VAD, (), network)


def punctuation(folder: Path, seed: int = 3) -> None:
    """Train a ct-transformer to end the sentences of the grammar, and the show's way of asking."""
    network = build_network(_PUNC, _PUNC_TOKENS, seed)
    texts = [text.split() for text in sentences(seed, 600) if len(text.split()) > 3]
    known = [text.split() for _, text in SHOW]
    rng = random.Random(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(500):
        rows, marks = [], []
        for _ in range(16):
            chosen = [rng.choice(texts if rng.random() < 0.6 else known) for _ in range(4)]
            rows.append(
                torch.tensor([_PUNC_TOKENS.index(word) for text in chosen for word in text])
            )
            marks.append(
                torch.tensor(
                    [3 if i == len(text) - 1 else 1 for text in chosen for i in range(len(text))]
                )
            )
        lengths = torch.tensor([len(row) for row in rows])
        text = torch.nn.utils.rnn.pad_sequence(rows, True)
        target = torch.nn.utils.rnn.pad_sequence(marks, True)
        scores, _ = network.punc_forward(text, lengths)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(scores.transpose(1, 2), target, ignore_index=0).backward()
        optimiser.step()
    network.eval()
    write_model(folder, _PUNC, _PUNC_TOKENS, network)


def speakers(folder: Path, said: Sequence[tuple[str, Example]], seed: int = 4) -> None:
    """CAM++ taught to tell the voices apart: by the angle between what it makes of 1.5 s, as it is used."""
    from funasr.models.campplus.utils import extract_feature

    network = build_network(_SPEAKER, (), seed)
    chunks: list[torch.Tensor] = []
    voices: list[int] = []
    for voice, one in said:
        start, end = one.words[0][1] * _PER_MS, one.words[-1][2] * _PER_MS
        speech = torch.from_numpy(one.samples[start:end].astype(np.float32) / 32_768.0)
        for begin in range(0, len(speech) - _CHUNK, _CHUNK):
            chunks.append(speech[begin : begin + _CHUNK])
            voices.append(VOICES.index(voice))
    features = extract_feature(chunks)[0].float()
    labels = torch.tensor(voices)
    directions = torch.nn.Parameter(
        torch.randn(len(VOICES), _SPEAKER["model_conf"]["embedding_size"])
    )
    optimiser = torch.optim.AdamW([*network.parameters(), directions], lr=2e-3, weight_decay=0.01)
    network.train()
    for _ in range(_SPEAKER_EPOCHS):
        for rows in torch.randperm(len(labels)).split(32):
            optimiser.zero_grad()
            made = torch.nn.functional.normalize(network(features[rows]))
            cosines = made @ torch.nn.functional.normalize(directions).T
            torch.nn.functional.cross_entropy(16 * cosines, labels[rows]).backward()
            optimiser.step()
    network.eval()
    write_model(folder, _SPEAKER, (), network)


def seaco(folder: Path, seed: int = 5) -> None:
    """SeACo-Paraformer with random weights: its hotwords' path is walked, it hears nonsense."""
    width = 32
    decoder = {**PARAFORMER["decoder_conf"], "attention_heads": 2, "linear_units": 64}
    config = {
        **PARAFORMER,
        "model": "SeacoParaformer",
        "model_conf": {
            **PARAFORMER["model_conf"],
            "ctc_weight": 0.0,
            "inner_dim": width,
            "bias_encoder_type": "lstm",
            "bias_encoder_bid": False,
            "seaco_weight": 0.01,
            "NO_BIAS": len(TOKENS) - 1,
            "seaco_decoder": "ParaformerSANMDecoder",
            "seaco_decoder_conf": {
                **decoder,
                "use_output_layer": False,
                "wo_input_layer": True,
            },
        },
        "encoder_conf": {
            **PARAFORMER["encoder_conf"],
            "output_size": width,
            "attention_heads": 2,
            "linear_units": 64,
            "num_blocks": 1,
        },
        "decoder_conf": decoder,
        "predictor_conf": {**PARAFORMER["predictor_conf"], "idim": width},
    }
    network = build_network(config, TOKENS, seed)
    with torch.no_grad():  # about one token for 300 ms, and never a special one
        network.predictor.cif_output.weight.mul_(0.05)
        network.predictor.cif_output.bias.fill_(-1.4)
        network.decoder.output_layer.bias.zero_()
        for layer in (network.decoder.output_layer, network.hotword_output_layer):
            layer.bias[:3] = -100.0
            layer.bias[-1] = -100.0
    write_model(folder, config, TOKENS, network)


def sensevoice(folder: Path, seed: int = 6) -> None:
    """SenseVoice with random weights, but for the four tags that it begins with: those are right."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(sentences(seed, 300)), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(folder / "pieces"),
        vocab_size=120,
        model_type="bpe",
        user_defined_symbols=list(_SENSE_TAGS),
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
        add_dummy_prefix=False,
    )
    corpus.unlink()
    (folder / "pieces.vocab").unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "pieces.model"))
    count = pieces.vocab_size()
    encoder = {**PARAFORMER["encoder_conf"], "output_size": 64, "linear_units": 64}
    config = {
        "model": "SenseVoiceSmall",
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": {
            **{
                key: encoder[key]
                for key in ("output_size", "linear_units", "kernel_size", "sanm_shfit")
            },
            "attention_heads": 2,
            "num_blocks": 1,
            "tp_blocks": 1,
            "dropout_rate": 0.0,
            "positional_dropout_rate": 0.0,
            "attention_dropout_rate": 0.0,
            "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder",
            "normalize_before": True,
            "selfattention_layer_type": "sanm",
        },
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
        "frontend": "WavFrontend",
        "frontend_conf": PARAFORMER["frontend_conf"],
    }
    network = build_network(config, [""] * count, seed)
    metas = {"tokenizer_conf": {"bpemodel": "pieces.model"}}
    _teach_tags(
        network, [pieces.piece_to_id(f"<|{t}|>") for t in ("en", "NEUTRAL", "Speech", "withitn")]
    )
    tags = {pieces.piece_to_id(tag) for tag in _SENSE_TAGS}
    spoken_pieces = {
        i
        for i in range(count)
        if len(pieces.id_to_piece(i)) > 1 and pieces.id_to_piece(i)[0] == "▁"
    }
    with (
        torch.no_grad()
    ):  # FunASR encodes its text again to time it, so the pieces must come out the same
        for i in range(1, count):
            if i not in tags | spoken_pieces:
                network.ctc.ctc_lo.bias[i] = -100.0
    write_model(folder, config, (), network, metas)


def _teach_tags(network: Any, tags: Sequence[int]) -> None:
    """A few steps in which the first four frames learn their tags; all others some piece that is no tag."""
    torch.manual_seed(0)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    network.train()
    for _ in range(120):
        frames = int(torch.randint(8, 60, (1,)))
        speech = torch.randn(4, frames + 4, 560) * 3.0
        first = network.embed(torch.tensor([[0, 1, 2, 14]])).repeat(4, 1, 1)
        speech = torch.cat([first, speech[:, 4:]], 1)
        out, _ = network.encoder(speech, torch.full((4,), frames + 4))
        scores = network.ctc.ctc_lo(out)
        want = torch.tensor(tags).repeat(4, 1)
        loss = torch.nn.functional.cross_entropy(scores[:, :4].transpose(1, 2), want)
        low = torch.logsumexp(scores[:, 4:, : max(tags) + 10], -1) - torch.logsumexp(
            scores[:, 4:], -1
        )
        optimiser.zero_grad()
        (loss + low.exp().mean()).backward()
        optimiser.step()
    network.eval()
