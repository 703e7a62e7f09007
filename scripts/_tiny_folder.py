"""Write a network as a folder that FunASR's ``AutoModel(model=FOLDER)`` loads."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

__all__ = ["build_network", "write_model"]


def build_network(config: Mapping[str, Any], tokens: Sequence[str], seed: int) -> Any:
    """The network that FunASR would build from ``config``, with random weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import funasr  # noqa: F401  registers the model classes
        from funasr.register import tables

    torch.manual_seed(seed)
    kind = tables.model_classes[config["model"]]
    settings = {key: value for key, value in config.items() if key != "model"}
    return kind(**settings, **config.get("model_conf", {}), input_size=560, vocab_size=len(tokens))


def write_model(
    folder: Path,
    config: Mapping[str, Any],
    tokens: Sequence[str],
    network: torch.nn.Module,
    metas: Mapping[str, Any] | None = None,
) -> None:
    """``config.yaml``, ``configuration.json``, ``tokens.json`` and ``model.pt`` in half precision.

    FunASR copies the weights into a network of single precision, whatever they were saved in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = dict(config)
    metas = {"init_param": "model.pt", "config": "config.yaml", **(metas or {})}
    if tokens:
        metas["tokenizer_conf"] = {"token_list": "tokens.json"}
        _write(folder / "tokens.json", list(tokens))
    _write(folder / "config.yaml", settings)  # JSON is YAML
    _write(
        folder / "configuration.json",
        {"framework": "pytorch", "model": {"type": "funasr"}, "file_path_metas": metas},
    )
    weights = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    torch.save(weights, folder / "model.pt")


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
