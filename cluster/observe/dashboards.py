"""The dashboards: business, API, pipeline, models, infrastructure."""

from __future__ import annotations

from typing import Final

from cluster.observe.grafana import Dashboard, Panel, both

__all__ = ["DASHBOARDS", "RAY_METRICS"]

RAY_METRICS: Final = (
    "ray_node_cpu_utilization",
    "ray_node_mem_used",
    "ray_node_mem_total",
    "ray_node_disk_free",
    "ray_node_gpus_utilization",
    "ray_node_gram_used",
    "ray_serve_deployment_processing_latency_ms_bucket",
    "ray_serve_deployment_request_counter_total",
    "ray_serve_replica_processing_queries",
)
"""Metrics of Ray itself that the dashboards show."""
_RATE = "$__rate_interval"


def _quantile(share: float, name: str, *by: str) -> str:
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}[{_RATE}])))"


def _share(part: str, whole: str, hours: int) -> str:
    return f"sum(increase({part}[{hours}h])) / sum(increase({whole}[{hours}h]))"


_GOOD = 'videoclip_job_attempts_total{outcome=~"succeeded|partial"}'
_OVER = 'videoclip_job_attempts_total{outcome!~"released|retried|cancelled"}'

_BUSINESS = Dashboard("business", "Business", (
    ("Today", (
        Panel("Jobs that went well, 24 h", ((_share(_GOOD, _OVER, 24), "share"),), "percentunit", 4, True),
        Panel("Jobs, 24 h", ((f"sum(increase({_OVER}[24h]))", "jobs"),), "short", 4, True),
        Panel("Clips, 24 h", (("sum(increase(videoclip_job_clips_total[24h]))", "clips"),), "short", 4, True),
        Panel(
            "Video worked on, 24 h", (("sum(increase(videoclip_job_video_seconds_total[24h]))", "video"),),
            "s", 4, True,
        ),
        Panel("People, day", (('max(videoclip_active_users{window="day"})', "people"),), "short", 4, True),
        Panel("People, week", (('max(videoclip_active_users{window="week"})', "people"),), "short", 4, True),
    )),
    ("Use", (
        Panel("Jobs by kind", ((f"sum by (kind) (increase({_OVER}[1h]))", "{{kind}}"),)),
        Panel("Features", (
            ("topk(12, sum by (feature) (increase(videoclip_job_features_total[24h])))", "{{feature}}"),
        )),
        Panel("API keys in use", (("max by (window) (videoclip_active_api_keys)", "{{window}}"),)),
    )),
    ("Kept and moved", (
        Panel("Storage", (("max by (what) (videoclip_storage_bytes)", "{{what}}"),), "bytes"),
        Panel("Bytes in and out", (
            (f"sum by (direction) (rate(videoclip_job_bytes_total[{_RATE}]))", "{{direction}}"),
        ), "Bps"),
        Panel("Tokens", (
            ("sum by (direction) (increase(videoclip_llm_tokens_total[1h]))", "{{direction}}"),
        )),
    )),
))  # fmt: skip

_REQUESTS = both("videoclip_http_requests_total")
_ANSWERS = both("videoclip_http_request_duration_seconds_bucket")
_API = Dashboard("api", "API", (
    ("Requests", (
        Panel("Requests by route", ((f"sum by (route) (rate({_REQUESTS}[{_RATE}]))", "{{route}}"),), "reqps"),
        Panel("Requests by status", ((f"sum by (status) (rate({_REQUESTS}[{_RATE}]))", "{{status}}"),), "reqps"),
        Panel("Being answered", ((f"sum({both('videoclip_http_requests_in_progress')})", "requests"),)),
    )),
    ("Time until an answer begins", (
        Panel("Quantiles", tuple((_quantile(q, _ANSWERS), f"{q:.0%}") for q in (0.5, 0.95, 0.99)), "s"),
        Panel("95 % by route", ((_quantile(0.95, _ANSWERS, "route"), "{{route}}"),), "s", 16),
    )),
    ("Errors and the database", (
        Panel("Problems by code", (
            (f"sum by (code) (rate({both('videoclip_http_errors_total')}[{_RATE}]))", "{{code}}"),
        ), "reqps"),
        Panel("Connections to the database", (
            (f"sum by (state) ({both('videoclip_database_pool_connections')})", "{{state}}"),
            (f"sum({both('videoclip_database_pool_limit')})", "limit"),
        )),
        Panel("Time the database took for the metrics", (
            ("max(videoclip_database_answer_seconds)", "seconds"),
        ), "s"),
    )),
))  # fmt: skip

_REUSED = (
    'sum by (stage) (increase(videoclip_stage_units_total{outcome="reused"}[1h])) '
    "/ sum by (stage) (increase(videoclip_stage_units_total[1h]))"
)
_PIPELINE = Dashboard("pipeline", "Pipeline", (
    ("Queue", (
        Panel("Jobs that are not over", (
            ("max by (kind, state) (videoclip_queue_jobs)", "{{kind}} {{state}}"),
        )),
        Panel("Age of the oldest that waits", (("max(videoclip_queue_oldest_age_seconds)", "age"),), "s"),
        Panel("Slots", (
            ("max(videoclip_dispatch_slots)", "all dispatchers"),
            ("sum(videoclip_dispatcher_running)", "busy"),
            ("sum(videoclip_dispatcher_slots)", "of those that are read"),
        )),
    )),
    ("Attempts", (
        Panel("Outcomes", (("sum by (outcome) (increase(videoclip_job_attempts_total[1h]))", "{{outcome}}"),)),
        Panel("Errors by code", (("sum by (code) (increase(videoclip_job_errors_total[1h]))", "{{code}}"),)),
        Panel("Given up", (("max(videoclip_dead_jobs)", "jobs"),)),
    )),
    ("Time", (
        Panel("Wait until the first attempt, 95 %", (
            (_quantile(0.95, "videoclip_job_wait_seconds_bucket", "kind"), "{{kind}}"),
        ), "s"),
        Panel("Attempt, 95 %", (
            (_quantile(0.95, "videoclip_job_duration_seconds_bucket", "kind"), "{{kind}}"),
        ), "s"),
        Panel("Real-time factor, median", (
            (_quantile(0.5, "videoclip_job_real_time_factor_bucket", "kind"), "{{kind}}"),
        )),
    )),
    ("Stages", (
        Panel("Stage, 95 %", ((_quantile(0.95, "videoclip_stage_duration_seconds_bucket", "stage"), "{{stage}}"),), "s"),
        Panel("Processors busy", (
            (f"sum by (stage) (rate(videoclip_stage_cpu_seconds_total[{_RATE}]))", "{{stage}}"),
        )),
        Panel("Units reused", ((_REUSED, "{{stage}}"),), "percentunit"),
    )),
))  # fmt: skip

_SERVE_LATENCY = "ray_serve_deployment_processing_latency_ms_bucket"
_MODELS = Dashboard("models", "Models", (
    ("Speech", (
        Panel("Sound recognised, seconds a second", (
            (f"sum(rate(ray_videoclip_asr_audio_seconds_total[{_RATE}]))", "x real time"),
        )),
        Panel("Batch", tuple(
            (_quantile(q, "ray_videoclip_asr_batch_duration_seconds_bucket"), f"{q:.0%}") for q in (0.5, 0.95)
        ), "s"),
        Panel("Pieces in a batch, median", ((_quantile(0.5, "ray_videoclip_asr_batch_items_bucket"), "pieces"),)),
        Panel("Pieces by outcome", (
            (f"sum by (outcome) (rate(ray_videoclip_asr_requests_total[{_RATE}]))", "{{outcome}}"),
        )),
    )),
    ("Everything that Ray Serve serves", (
        Panel("Latency, 95 %, ms", ((_quantile(0.95, _SERVE_LATENCY, "deployment"), "{{deployment}}"),), "ms"),
        Panel("Requests", (
            (f"sum by (deployment) (rate(ray_serve_deployment_request_counter_total[{_RATE}]))", "{{deployment}}"),
        ), "reqps"),
        Panel("In hand", (("sum by (deployment) (ray_serve_replica_processing_queries)", "{{deployment}}"),)),
    )),
    ("Graphics cards and tokens", (
        Panel("Busy, percent", (("sum by (instance) (ray_node_gpus_utilization)", "{{instance}}"),), "percent"),
        Panel("Memory", (("sum by (instance) (ray_node_gram_used) * 1e6", "{{instance}}"),), "bytes"),
        Panel("Card seconds by stage", (
            (f"sum by (stage) (rate(videoclip_stage_gpu_seconds_total[{_RATE}]))", "{{stage}}"),
        )),
        Panel("Tokens a second", (
            (f"sum by (direction) (rate(videoclip_llm_tokens_total[{_RATE}]))", "{{direction}}"),
        )),
    )),
))  # fmt: skip

_INFRASTRUCTURE = Dashboard("infrastructure", "Infrastructure", (
    ("Up", (
        Panel("Database", (("min(videoclip_database_up)", "up"),), "short", 6, True),
        Panel("Dispatchers", (("max(videoclip_dispatchers)", "dispatchers"),), "short", 6, True),
        Panel("Targets that are down", (('count(up{job=~"videoclip.*|ray"} == 0) or vector(0)', "targets"),), "short", 6, True),
        Panel("Free disk", ((
            'min(videoclip_disk_bytes{state="free"}) / min(videoclip_disk_bytes{state="total"})', "free",
        ),), "percentunit", 6, True),
        Panel("Since the last backup", (("min(videoclip_backup_age_seconds)", "age"),), "s", 6, True),
    )),
    ("Nodes", (
        Panel("Processors, percent", (("avg by (instance) (ray_node_cpu_utilization)", "{{instance}}"),), "percent"),
        Panel("Memory", (("sum by (instance) (ray_node_mem_used) / sum by (instance) (ray_node_mem_total)", "{{instance}}"),), "percentunit"),
        Panel("Free disk", (("sum by (instance) (ray_node_disk_free)", "{{instance}}"),), "bytes"),
    )),
    ("On its way", (
        Panel("Webhooks and notifications", (("max(videoclip_deliveries_pending)", "pending"),)),
        Panel("Age of the oldest of them", (("max(videoclip_deliveries_oldest_age_seconds)", "age"),), "s"),
        Panel("Unfinished uploads", (("max(videoclip_uploads_open)", "uploads"),)),
        Panel("Alerts handed on", (("sum by (outcome) (increase(videoclip_alerts_total[1h]))", "{{outcome}}"),)),
        Panel("Memory of gateways and dispatchers", (
            ('process_resident_memory_bytes{job=~"videoclip.*"}', "{{job}} {{instance}}"),
        ), "bytes"),
    )),
))  # fmt: skip

DASHBOARDS: Final = (_BUSINESS, _API, _PIPELINE, _MODELS, _INFRASTRUCTURE)
