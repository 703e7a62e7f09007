"""Write what starts a cluster, from one file: ``python -m cluster.generate KIND [--config cluster.yaml] [-o FILE]``.

kubernetes      the whole platform: namespace, settings, storage, API, web UI, policies, RayService
rayservice      Ray with the models and dispatchers on it; raycluster: Ray alone
rayjob          a command on a Ray cluster of its own: ... rayjob -- videoclip clip /data/in -o /data/out
helm            values for the public chart kuberay/ray-cluster
onprem, aws, aliyun   a file for `ray up`
serve           a file for `serve deploy`; serving: the serving file
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster import helm, kuberay, launcher, manifests
from cluster.common import serve_config, serving_yaml, text
from cluster.config import Cluster, example_file, read_cluster
from videoclip import __version__
from videoclip.errors import UsageError, VideoClipError

__all__ = ["KINDS", "generate", "main"]

KINDS = (
    *("kubernetes", "rayservice", "raycluster", "rayjob", "helm"),
    *launcher.PLACES,
    *("serve", "serving"),
)


def generate(cluster: Cluster, kind: str, command: Sequence[str] = ()) -> str:
    """The text of one of `KINDS`: YAML, several documents for ``kubernetes``.

    Args:
        cluster: the cluster.
        kind: what to write.
        command: of a ``rayjob``.

    Raises:
        UsageError: the cluster lacks what this kind needs.
    """
    if kind in launcher.PLACES:
        return text(launcher.launcher(cluster, kind))
    if kind == "kubernetes":
        return _documents([*manifests.platform(cluster), kuberay.ray_service(cluster)])
    if kind == "rayservice":
        return text(kuberay.ray_service(cluster))
    if kind == "raycluster":
        return text(kuberay.ray_cluster(cluster))
    if kind == "rayjob":
        if not command:
            raise UsageError(
                "a rayjob needs a command",
                "Give it after --, such as: rayjob -- videoclip clip /data/in -o /data/out",
            )
        return text(kuberay.ray_job(cluster, command))
    if kind == "helm":
        return text(helm.values(cluster))
    if kind == "serve":
        return text(serve_config(cluster, "127.0.0.1"))
    return serving_yaml(cluster)


def _documents(contents: list[dict[str, Any]]) -> str:
    return "---\n".join(text(content) for content in contents)


def _origin(kind: str, config: Path) -> str:
    """A comment that says which file and release something was made from."""
    mark = hashlib.sha256(config.read_bytes()).hexdigest()
    return (
        f"# Made by `python -m cluster.generate {kind}` of Video-Clip {__version__}; do not edit.\n"
        f"# Of a file with the SHA-256 {mark}\n"
    )


def _write(content: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(content)
        return
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(content, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error}", "Name another file with -o"
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line. Exit status: 0, or that of the error (2: the file or the request is wrong)."""
    parser = argparse.ArgumentParser(
        prog="cluster.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help="what to write")
    parser.add_argument("--config", type=Path, default=example_file(), help="the cluster's file")
    parser.add_argument("-o", "--out", type=Path, help="file to write; else standard output")
    words = list(sys.argv[1:] if arguments is None else arguments)
    end = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:end])
    try:
        content = generate(read_cluster(given.config), given.kind, words[end + 1 :])
        _write(_origin(given.kind, given.config) + content, given.out)
    except VideoClipError as error:
        sys.stderr.write(f"error: {error.cause}\n  what to do: {error.remedy}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
