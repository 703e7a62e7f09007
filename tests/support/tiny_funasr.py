"""Build a Paraformer folder with tiny random weights that the real FunASR loads.

It hears nonsense, but through the same code as a real model: configuration, weights, front end, encoder,
predictor, decoder, word times. About 0.3 MB, built in a second.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

WORDS = ["hello", "world", "li@@", "ve", "show", "price", "欢", "迎", "大", "家"]
TOKENS = ["<blank>", "<s>", "</s>", *WORDS, "<unk>"]

_WIDTH = 32

CONFIG: dict[str, Any] = {
    "model": "BiCifParaformer",
    "model_conf": {
        "ctc_weight": 0.0,
        "lsm_weight": 0.1,
        "length_normalized_loss": True,
        "predictor_weight": 1.0,
        "predictor_bias": 1,
        "sampling_ratio": 0.75,
    },
    "encoder": "SANMEncoder",
    "encoder_conf": {
        "output_size": _WIDTH,
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
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": {
        "attention_heads": 2,
        "linear_units": 64,
        "num_blocks": 1,
        "dropout_rate": 0.0,
        "positional_dropout_rate": 0.0,
        "self_attention_dropout_rate": 0.0,
        "src_attention_dropout_rate": 0.0,
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
        "smooth_factor2": 0.25,
        "noise_threshold2": 0.01,
        "upsample_times": 3,
        "use_cif1_cnn": False,
        "upsample_type": "cnn_blstm",
    },
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": 16000,
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


def build(
    folder: Path, *, words: list[str] = WORDS, seed: int = 7, model: str = "BiCifParaformer"
) -> Path:
    """Write the model folder and return it.

    Args:
        folder: where to; created.
        words: vocabulary besides the special tokens; pieces that go on end in ``@@``.
        seed: of the weights.
        model: FunASR's model class; ``Paraformer`` has no head for word times, only where tokens fire.
    """
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["<blank>", "<s>", "</s>", *words, "<unk>"]
    config = {**CONFIG, "model": model}
    if model == "Paraformer":
        keys = ("idim", "threshold", "l_order", "r_order", "tail_threshold")
        config["predictor"] = "CifPredictorV2"
        config["predictor_conf"] = {key: CONFIG["predictor_conf"][key] for key in keys}
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    (folder / "configuration.json").write_text(
        json.dumps(
            {
                "framework": "pytorch",
                "task": "auto-speech-recognition",
                "model": {"type": "funasr"},
                "file_path_metas": {
                    "init_param": "model.pt",
                    "config": "config.yaml",
                    "tokenizer_conf": {"token_list": "tokens.json"},
                },
            }
        ),
        encoding="utf-8",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import funasr  # noqa: F401  registers the model classes
        from funasr.register import tables

        torch.manual_seed(seed)
        network = tables.model_classes[model](
            **{k: v for k, v in config.items() if k != "model"},
            **config["model_conf"],
            input_size=560,
            vocab_size=len(tokens),
        )
    with torch.no_grad():
        # About one token for five frames of 60 ms, and never a special token: then every stretch has words.
        network.predictor.cif_output.weight.mul_(0.05)
        network.predictor.cif_output.bias.fill_(-1.4)
        bias = network.decoder.output_layer.bias
        bias.zero_()
        bias[:3] = -100.0
        bias[-1] = -100.0
    torch.save(network.state_dict(), folder / "model.pt")
    return folder
