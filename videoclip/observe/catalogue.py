"""Every metric that Video-Clip has: name, kind, meaning, labels. Dashboards and alert rules are checked against it.

Labels come from lists of this program only: never a text, an id or an address of a user.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["CATALOGUE", "RAY_PREFIX", "Kind", "Metric", "metric"]

RAY_PREFIX: Final = "ray_"
"""What Ray puts before the names of metrics that its processes count."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG_SECONDS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 10800.0)
_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ITEMS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class Kind(str, Enum):
    """As Prometheus knows them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds, of a histogram."""

    @property
    def series(self) -> tuple[str, ...]:
        """Names that queries may use."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}{end}" for end in ("_bucket", "_sum", "_count"))
        return (self.name,)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, text, labels)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Metric:
    return Metric(name, Kind.HISTOGRAM, text, labels, buckets)


CATALOGUE: Final[tuple[Metric, ...]] = (
    # The gateway; where Ray Serve runs it, Ray counts these.
    _counter("videoclip_http_requests_total", "Requests answered.", "method", "route", "status"),
    _histogram(
        "videoclip_http_request_duration_seconds", "Time until an answer begins.",
        "method", "route", buckets=_SECONDS,
    ),
    _gauge("videoclip_http_requests_in_progress", "Requests being answered."),
    _counter("videoclip_http_errors_total", "Answers that are problems, by code.", "code"),
    _gauge("videoclip_database_pool_connections", "Connections to the database.", "state"),
    _gauge("videoclip_database_pool_limit", "Connections that one process may have."),
    # A dispatcher, of the attempts that its runners ended.
    _counter("videoclip_job_attempts_total", "Attempts that ended, by outcome.", "kind", "outcome"),
    _counter("videoclip_job_errors_total", "Attempts that failed, by code.", "code"),
    _histogram(
        "videoclip_job_duration_seconds", "Time of attempts that went well.", "kind",
        buckets=_LONG_SECONDS,
    ),
    _histogram(
        "videoclip_job_wait_seconds", "Time between asking for a job and its first attempt.", "kind",
        buckets=_LONG_SECONDS,
    ),
    _histogram(
        "videoclip_job_real_time_factor", "Time of an attempt over the length of its video.", "kind",
        buckets=_FACTORS,
    ),
    _counter("videoclip_job_features_total", "Jobs that used a feature.", "feature"),
    _counter("videoclip_job_bytes_total", "Bytes of sources (in) and results (out).", "direction"),
    _counter("videoclip_job_video_seconds_total", "Length of the videos that jobs worked on."),
    _counter("videoclip_job_clips_total", "Clips made."),
    _histogram(
        "videoclip_stage_duration_seconds", "Time of a stage.", "stage", buckets=_LONG_SECONDS
    ),
    _counter("videoclip_stage_cpu_seconds_total", "Processor time of stages.", "stage"),
    _counter("videoclip_stage_gpu_seconds_total", "Graphics card time of stages.", "stage"),
    _counter(
        "videoclip_stage_units_total", "Units: done, reused from earlier work, or failed.",
        "stage", "outcome",
    ),
    _counter("videoclip_llm_tokens_total", "Tokens of language models.", "direction"),
    _gauge("videoclip_dispatcher_running", "Jobs that this dispatcher runs."),
    _gauge("videoclip_dispatcher_slots", "Jobs that it may run."),
    _counter("videoclip_alerts_total", "Alerts handed to people, by outcome.", "outcome"),
    # Of the database: the same at every dispatcher, so take the maximum.
    _gauge("videoclip_database_up", "Whether the database answered."),
    _gauge("videoclip_database_answer_seconds", "How long it took for what follows."),
    _gauge("videoclip_queue_jobs", "Jobs that are not over; 100,000 counted at most.", "kind", "state"),
    _gauge("videoclip_queue_oldest_age_seconds", "Age of the job that waits longest and could start."),
    _gauge("videoclip_dead_jobs", "Jobs that were given up; 100,000 counted at most."),
    _gauge("videoclip_dispatchers", "Dispatchers that were heard of lately."),
    _gauge("videoclip_dispatch_slots", "Jobs that all dispatchers together may run."),
    _gauge("videoclip_deliveries_pending", "Webhooks and notifications on their way."),
    _gauge("videoclip_deliveries_oldest_age_seconds", "Age of the oldest of them."),
    _gauge("videoclip_uploads_open", "Uploads that are not whole."),
    _gauge("videoclip_active_users", "People who were signed in lately.", "window"),
    _gauge("videoclip_active_api_keys", "API keys that were used lately.", "window"),
    _gauge("videoclip_backup_age_seconds", "Since the last backup that was made whole, read every five minutes; nothing before the first one."),
    _gauge("videoclip_storage_bytes", "Bytes kept, read every five minutes.", "what"),
    _gauge("videoclip_disk_bytes", "Of the disk with the data folder.", "state"),
    # Replicas of the recogniser; Ray counts these.
    _counter("videoclip_asr_requests_total", "Pieces of sound answered, by outcome.", "outcome"),
    _counter("videoclip_asr_audio_seconds_total", "Sound recognised."),
    _histogram("videoclip_asr_batch_duration_seconds", "Time of a batch.", buckets=_LONG_SECONDS),
    _histogram("videoclip_asr_batch_items", "Pieces in a batch.", buckets=_ITEMS),
)  # fmt: skip
_BY_NAME = {one.name: one for one in CATALOGUE}


def metric(name: str) -> Metric:
    """One of the catalogue.

    Raises:
        KeyError: it is not there.
    """
    return _BY_NAME[name]
