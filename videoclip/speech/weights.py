"""Where a FunASR model's weights are on this machine, and how they get there."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from videoclip.errors import EngineUnavailable, StorageFull
from videoclip.speech.protocol import RecogniserSpec
from videoclip.speech.quiet import quiet

__all__ = [
    "MODELSCOPE_HOST",
    "OnProgress",
    "cache_root",
    "hub_answers",
    "local_model",
    "missing",
    "prefetch",
    "split_revision",
    "weight_bytes",
]

OnProgress = Callable[[str, int, int], None]
"""Called with the model, the bytes that are here and the bytes in all (0 where the hub does not tell)."""

MODELSCOPE_HOST = "www.modelscope.cn"
"""The model hub that FunASR loads from unless told otherwise."""

_BUNDLED = frozenset({"silero-vad", "silero_vad"})  # a Python package that carries its weights
_SHORT_NAMES = {
    "paraformer": "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
    "paraformer-zh": "iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
    "paraformer-en": "iic/speech_paraformer-large-vad-punc_asr_nat-en-16k-common-vocab10020",
    "fsmn-vad": "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch",
    "ct-punc": "iic/punc_ct-transformer_cn-en-common-vocab471067-large",
    "cam++": "iic/speech_campplus_sv_zh-cn_16k-common",
    "SenseVoiceSmall": "iic/SenseVoiceSmall",
}
# The same weights under another roof.
_HUGGINGFACE = {
    _SHORT_NAMES["paraformer-zh"]: "funasr/paraformer-zh",
    _SHORT_NAMES["paraformer-en"]: "funasr/paraformer-en",
    _SHORT_NAMES["fsmn-vad"]: "funasr/fsmn-vad",
    _SHORT_NAMES["ct-punc"]: "funasr/ct-punc",
}
_WEIGHTS = ("model.pt", "campplus_cn_common.bin")
_REVISION_MARK = ".videoclip-revision"
_PROBE_S = 3.0


def cache_root() -> Path:
    """ModelScope's cache folder: ``MODELSCOPE_CACHE``, else ``~/.cache/modelscope``."""
    named = os.environ.get("MODELSCOPE_CACHE", "")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "modelscope"


def local_model(model: str) -> Path | None:
    """The folder with the complete model: ``model`` itself, or in the caches of ModelScope and Hugging Face.

    Complete means weights and configuration are there; a hub writes the weights' name last. Of
    ``id@revision`` only a folder that is known to be of that revision counts.
    """
    if not model or model in _BUNDLED:
        return None
    own = Path(model).expanduser()
    if _complete(own):
        return own.resolve()
    return next((folder for folder in _cached(model) if _complete(folder)), None)


def weight_bytes(model: str) -> int:
    """Size of the model's parameters on this machine, bytes; 0 where there are none."""
    folder = local_model(model)
    try:
        return (folder / "model.pt").stat().st_size if folder is not None else 0
    except OSError:
        return 0


def missing(spec: RecogniserSpec) -> list[str]:
    """Models of the spec whose weights are not on this machine."""
    return [
        model
        for model in (spec.model, spec.vad_model, spec.punc_model, spec.spk_model)
        if model and model not in _BUNDLED and local_model(model) is None
    ]


def hub_answers() -> bool:
    """Whether the model hub answers within three seconds, proxies of the environment included."""
    import httpx

    host = os.environ.get("MODELSCOPE_DOMAIN", "") or MODELSCOPE_HOST
    hub = os.environ.get("MODELSCOPE_ENDPOINT", "") or f"https://{host}/"
    try:
        response = httpx.head(hub, timeout=_PROBE_S, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ImportError, ValueError):
        return False  # the last two: a proxy of a kind that cannot be used
    return response.status_code < 400


def split_revision(model: str) -> tuple[str, str]:
    """``id@revision`` as its two parts; without one, the revision is empty. Folders have none."""
    if model.startswith(("/", "~", ".")):
        return model, ""
    name, _, revision = model.partition("@")
    return name, revision


def prefetch(spec: RecogniserSpec, on_progress: OnProgress | None = None) -> list[Path]:
    """Download what is missing, once, before workers start in parallel. Nothing to do for pocketsphinx.

    A download that was broken off goes on where it was.

    Args:
        spec: its models.
        on_progress: told of the bytes.

    Returns:
        The folders of what was downloaded.

    Raises:
        EngineUnavailable: a model cannot be had.
        StorageFull: no space for it.
    """
    if spec.engine != "funasr":
        return []
    return [_download(model, on_progress) for model in missing(spec)]


def _download(model: str, on_progress: OnProgress | None) -> Path:
    given, revision = split_revision(model)
    name = _SHORT_NAMES.get(given, given)
    if "/" not in name or Path(model).expanduser().is_absolute():
        raise EngineUnavailable(
            f"there is no complete model in {model}",
            "A model folder holds model.pt and config.yaml (or configuration.json); or name a hub id",
        )
    os.environ.setdefault(
        "TQDM_DISABLE", "1"
    )  # the hub's own bars, beside ours; read as tqdm loads
    try:
        with quiet():
            from modelscope.hub.snapshot_download import snapshot_download

            listening = _listener(name, revision, on_progress) if on_progress else None
            folder = Path(
                snapshot_download(
                    name,
                    revision=revision or "master",
                    progress_callbacks=[listening] if listening else None,
                )
            )
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise StorageFull(
                f"no space for the model {name} in {cache_root()}",
                "Free some space, or set MODELSCOPE_CACHE to a larger disk",
            ) from error
        raise EngineUnavailable(
            f"the model {name} cannot be downloaded: {str(error) or type(error).__name__}",
            f"Check the connection to {MODELSCOPE_HOST}, or copy the model into {cache_root()} "
            "or a folder named in speech.model_zh / speech.model_en",
        ) from error
    if revision:
        (folder / _REVISION_MARK).write_text(revision, encoding="utf-8")
    if not _complete(folder):
        raise EngineUnavailable(
            f"the model {name} came without weights or configuration",
            "Name another model in speech.model_zh / speech.model_en",
        )
    return folder


def _listener(name: str, revision: str, on_progress: OnProgress) -> Any:
    """A class in ModelScope's form, made once for each file; all files count together."""
    from modelscope.hub.api import HubApi
    from modelscope.hub.callback import ProgressCallback

    try:
        files = HubApi().get_model_files(name, revision=revision or "master", recursive=True)
        total = sum(int(file.get("Size") or 0) for file in files if file.get("Type") != "tree")
    except Exception:  # noqa: BLE001  without the list there is no total, and the download still works
        total = 0
    lock, here = threading.Lock(), [0]

    class Listening(ProgressCallback):  # type: ignore[misc]
        def update(self, size: int) -> None:
            with lock:
                here[0] += size
                on_progress(name, here[0], total)

    on_progress(name, 0, total)
    return Listening


def _complete(folder: Path) -> bool:
    try:
        configured = any(
            (folder / name).is_file() for name in ("config.yaml", "configuration.json")
        )
        return configured and any((folder / name).is_file() for name in _WEIGHTS)
    except OSError:  # such as a name that is too long for a path
        return False


def _cached(model: str) -> Iterator[Path]:
    """Folders in which the hubs' libraries, old and new, would have put the model."""
    given, revision = split_revision(model)
    name = _SHORT_NAMES.get(given, given)
    if name.count("/") != 1 or ".." in name or "/" in revision or ".." in revision:
        return
    if revision:
        yield from (folder for folder in _cached(name) if _is_revision(folder, revision))
        return
    owner, short = name.split("/")
    safe = short.replace(".", "___")
    root = cache_root()
    for base in (root / "models", root / "hub" / "models", root, root / "hub"):
        yield base / owner / safe
        yield base / owner / short
    yield from _snapshots(root / "models" / f"{owner}--{short}")
    hub = os.environ.get("HF_HUB_CACHE", "")
    home = os.environ.get("HF_HOME", "")
    if hub:
        faces = Path(hub)
    elif home:
        faces = Path(home) / "hub"
    else:
        faces = Path.home() / ".cache" / "huggingface" / "hub"
    for other in dict.fromkeys((name, _HUGGINGFACE.get(name, name))):
        yield from _snapshots(faces.expanduser() / f"models--{other.replace('/', '--')}")


def _is_revision(folder: Path, revision: str) -> bool:
    if folder.name == revision:  # a snapshot's folder
        return True
    try:
        return (folder / _REVISION_MARK).read_text(encoding="utf-8").strip() == revision
    except OSError:
        return False


def _snapshots(repository: Path) -> list[Path]:
    """Snapshot folders, the newest first."""
    try:
        found = list((repository / "snapshots").iterdir())
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    except OSError:
        return []
