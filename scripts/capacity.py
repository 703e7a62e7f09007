"""Hardware and cost for so many video-hours a month: ``python scripts/capacity.py [PARAMETERS.toml]``.

Prints the tables of `docs/capacity.md`. The parameters are in `scripts/capacity.toml`, each with where it is from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

__all__ = ["SIZES", "Model", "Plan", "load", "tables"]

PARAMETERS = Path(__file__).with_name("capacity.toml")
_DOCS = Path(__file__).resolve().parents[1] / "docs"
_GUIDES = (_DOCS / "capacity.md", _DOCS / "zh" / "capacity.md")
_BEGIN, _END = "<!-- made by scripts/capacity.py --docs -->", "<!-- end -->"
SIZES = (1_000, 100_000, 10_000_000)
_MONTH_H = 730.0
_MONTH_DAYS = 30.4
_PCM_GB_PER_HOUR = 0.1152
_SHARDS_PER_HOUR = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What so many video-hours a month need; averages are already raised to the busiest hour."""

    hours: int
    gpu: bool
    cores: float
    gpus: float
    database_cores: float
    database_commits_per_s: float
    database_statements_per_s: float
    database_tib: float
    objects_tb: float
    network_gbit_s: float
    costs: dict[str, float]
    """A month's, by what it is for."""
    shares: dict[str, float]
    """Need over limit; the largest is the first bottleneck."""

    @property
    def per_hour(self) -> float:
        """Cost of a video-hour."""
        return sum(self.costs.values()) / self.hours

    @property
    def bottleneck(self) -> tuple[str, float]:
        """What is used up first, and its share of the limit."""
        return max(self.shares.items(), key=lambda item: item[1])


@dataclass(frozen=True, slots=True)
class Model:
    """The parameters, by section."""

    video: dict[str, float]
    measured: dict[str, float]
    assumed: dict[str, float]
    limits: dict[str, float]
    prices: dict[str, float]

    def cpu_s(self, *, gpu: bool) -> dict[str, float]:
        """Processor seconds of a video-hour outside the database, by what they are for."""
        video, measured = self.video, self.measured
        recognise = 0.0 if gpu else 3600 * measured["recognise_cpu_s_per_audio_s"]
        jobs = video["videos_per_hour"]
        return {
            "recognition": recognise,
            "rendering": video["clips_per_hour"] * video["clip_s"] * measured["render_cpu_s_per_s"],
            "audio, ranking": measured["audio_cpu_s_per_hour"]
            + measured["highlight_cpu_s_per_hour"],
            "orchestration": measured["node_cpu_s_per_hour"]
            + jobs * (measured["job_cpu_s"] + measured["ray_job_cpu_s"])
            + _SHARDS_PER_HOUR * measured["ray_shard_cpu_s"],
        }

    def gpu_s(self) -> float:
        """GPU seconds of a video-hour."""
        assumed = self.assumed
        listening = 3600 / assumed["gpu_audio_hours_per_hour"]
        return listening + assumed["llm_tokens_per_hour"] / assumed["gpu_llm_tokens_per_s"]

    def objects_tb(self, hours: float) -> float:
        """Terabytes that are kept, when as much goes as comes."""
        video, assumed = self.video, self.assumed
        clips_gb = video["clips_per_hour"] * video["clip_s"] * video["clip_mb_per_s"] / 1000
        kept = (
            video["source_gb_per_hour"] * assumed["source_days"]
            + _PCM_GB_PER_HOUR * assumed["audio_days"]
            + clips_gb * assumed["result_days"]
        )
        return hours * kept / _MONTH_DAYS / 1000

    def plan(self, hours: int, *, gpu: bool) -> Plan:
        """For so many video-hours a month."""
        measured, assumed, prices = self.measured, self.assumed, self.prices
        a_second = hours / _MONTH_H / 3600 * assumed["peak"]
        spare = a_second / assumed["busy"]
        cores = spare * sum(self.cpu_s(gpu=gpu).values())
        gpus = spare * self.gpu_s() if gpu else 0.0
        database_cores = spare * measured["database_cpu_s_per_hour"]
        kept_months = assumed["result_days"] / _MONTH_DAYS
        database_tib = hours * measured["database_mib_per_hour"] * kept_months / 2**20
        commits = a_second * measured["database_commits_per_hour"]
        objects_tb = self.objects_tb(hours)
        # A source comes in once and is read twice: for sound and digest, and for its clips.
        network = a_second * 3 * self.video["source_gb_per_hour"] * 8
        limits = self.limits
        return Plan(
            hours=hours,
            gpu=gpu,
            cores=cores,
            gpus=gpus,
            database_cores=database_cores,
            database_commits_per_s=commits,
            database_statements_per_s=a_second * measured["database_statements_per_hour"],
            database_tib=database_tib,
            objects_tb=objects_tb,
            network_gbit_s=network,
            costs={
                "processors": cores * _MONTH_H * prices["core_hour"],
                "GPUs": gpus * _MONTH_H * prices["gpu_hour"],
                "database": max(2.0, database_cores) * _MONTH_H * prices["database_core_hour"]
                + database_tib * 1024 * prices["database_gib_month"],
                "objects": objects_tb * 1000 * prices["object_gb_month"],
                "egress": hours * prices["egress_gb"] * self.video["clips_per_hour"]
                * self.video["clip_s"] * self.video["clip_mb_per_s"] / 1000,
            },
            shares={
                "Ray cluster": cores / limits["ray_cores"],
                "network of the object store": network / limits["network_gbit_s"],
                "size of the database": database_tib / limits["database_tib"],
                "processors of the database": database_cores / limits["database_cores"],
                "commits of the database": commits / limits["database_commits_per_s"],
            },
        )  # fmt: skip


def load(path: Path = PARAMETERS) -> Model:
    """The parameters of a file.

    Raises:
        KeyError: one is missing.
    """
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = ("video", "measured", "assumed", "limits", "prices")
    return Model(*({name: float(v) for name, v in found[section].items()} for section in sections))


# ---------------------------------------------------------------------- as text


def tables(model: Model) -> str:
    """Both tables, as Markdown."""
    lines = [
        "| processor seconds of a video-hour | engines on processors | engines on GPUs |",
        "|---|---|---|",
    ]
    both = [model.cpu_s(gpu=False), model.cpu_s(gpu=True)]
    lines += [f"| {name} | {both[0][name]:.0f} | {both[1][name]:.0f} |" for name in both[0]]
    lines += [f"| GPU seconds (assumed) | 0 | {model.gpu_s():.0f} |", ""]
    plans = [model.plan(hours, gpu=gpu) for gpu in (False, True) for hours in SIZES]
    heads = [f"{plan.hours:,} h{', GPU' if plan.gpu else ''}" for plan in plans]
    lines += ["| a month | " + " | ".join(heads) + " |", "|---" * (len(plans) + 1) + "|"]
    rows: Sequence[tuple[str, list[str]]] = (
        ("cores", [_number(plan.cores) for plan in plans]),
        ("GPUs", [_number(plan.gpus) for plan in plans]),
        ("cores of PostgreSQL", [_number(plan.database_cores) for plan in plans]),
        ("statements a second", [_number(plan.database_statements_per_s) for plan in plans]),
        ("commits a second", [_number(plan.database_commits_per_s) for plan in plans]),
        ("database, TiB", [_number(plan.database_tib) for plan in plans]),
        ("objects, TB", [_number(plan.objects_tb) for plan in plans]),
        ("network, Gbit/s", [_number(plan.network_gbit_s) for plan in plans]),
        ("first bottleneck", [_bottleneck(plan) for plan in plans]),
        ("cost of a video-hour", [f"{plan.per_hour:.3f}" for plan in plans]),
        ("of it", [_costs(plan) for plan in plans]),
    )
    lines += [f"| {name} | " + " | ".join(values) + " |" for name, values in rows]
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _bottleneck(plan: Plan) -> str:
    name, share = plan.bottleneck
    return f"{name}: {f'{share:.1%}' if share < 1 else f'{share:.0f} times the limit'}"


def _costs(plan: Plan) -> str:
    whole = sum(plan.costs.values())
    found = sorted(plan.costs.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {cost / whole:.0%}" for name, cost in found if cost / whole >= 0.05)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Hardware and cost for video-hours a month.")
    parser.add_argument("parameters", nargs="?", type=Path, default=PARAMETERS)
    parser.add_argument("--docs", action="store_true", help="write the tables into the guides")
    chosen = parser.parse_args()
    told = tables(load(chosen.parameters))
    print(told)
    for guide in _GUIDES if chosen.docs else ():
        before, _, rest = guide.read_text(encoding="utf-8").partition(_BEGIN)
        guide.write_text(f"{before}{_BEGIN}\n{told}\n{_END}{rest.partition(_END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
