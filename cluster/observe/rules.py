"""The alert rules. Each links its part of the runbooks; `rules.test.yml` says when it fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cluster.observe.grafana import both

__all__ = ["RULES", "RUNBOOKS", "Rule", "rules_document"]

RUNBOOKS: Final = "docs/runbooks.md"


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert."""

    name: str
    expr: str
    wait: str
    """How long it must hold."""
    severity: str
    """page: somebody gets up; ticket: somebody looks tomorrow."""
    summary: str


_REQUESTS = both("videoclip_http_requests_total")
_FAULTS = '{__name__=~"(ray_)?videoclip_http_requests_total", status=~"5.."}'
_LATENCY = both("videoclip_http_request_duration_seconds_bucket")
RULES: Final = (
    Rule("DatabaseAway", "max(videoclip_database_up) < 1", "2m", "page", "No dispatcher reaches the database"),
    Rule("TargetDown", 'up{job=~"videoclip.*|ray"} == 0', "5m", "page", "{{ $labels.job }} at {{ $labels.instance }} does not answer"),
    Rule(
        "NoDispatcher", "max(videoclip_dispatchers) < 1 or absent(videoclip_dispatchers)", "5m", "page",
        "Nobody hands out jobs",
    ),
    Rule(
        "QueueStuck",
        'max(videoclip_queue_oldest_age_seconds) > 1800 and (sum(max by (kind, state) '
        '(videoclip_queue_jobs{state=~"running|cancelling"})) or vector(0)) < max(videoclip_dispatch_slots)',
        "10m", "page", "A job waits for half an hour although slots are free",
    ),
    Rule("QueueLong", "max(videoclip_queue_oldest_age_seconds) > 7200", "15m", "ticket", "Jobs wait for more than two hours"),
    Rule(
        "JobsFail",
        'sum(increase(videoclip_job_attempts_total{outcome=~"failed|dead"}[1h])) > 5 and '
        'sum(increase(videoclip_job_attempts_total{outcome=~"failed|dead"}[1h])) > 0.2 * '
        'sum(increase(videoclip_job_attempts_total{outcome!~"released|retried|cancelled"}[1h]))',
        "10m", "page", "More than a fifth of the jobs of the last hour failed",
    ),
    Rule("WorkersLost", 'sum(increase(videoclip_job_errors_total{code=~"worker_lost|out_of_memory"}[1h])) > 3', "0m", "ticket", "Workers are lost"),
    Rule("JobsGivenUp", "max(videoclip_dead_jobs) - max(min_over_time(videoclip_dead_jobs[1h])) > 0", "0m", "ticket", "Jobs were given up"),
    Rule(
        "ApiErrors", f"sum(rate({_FAULTS}[5m])) > 0.02 * sum(rate({_REQUESTS}[5m]))", "10m", "page",
        "More than 2 % of the requests end in an error of the server",
    ),
    Rule(
        "ApiSlow", f"histogram_quantile(0.95, sum by (le) (rate({_LATENCY}[5m]))) > 1", "15m", "ticket",
        "One request in twenty waits for more than a second",
    ),
    Rule(
        "DatabasePoolFull",
        'max by (job, instance) ({__name__=~"(ray_)?videoclip_database_pool_connections", state="in_use"}) >= 0.9 * '
        f"max by (job, instance) ({both('videoclip_database_pool_limit')})",
        "5m", "ticket", "{{ $labels.instance }} uses nearly all of its connections",
    ),
    Rule(
        "DiskFull", 'min by (instance) (videoclip_disk_bytes{state="free"}) < 0.1 * max by (instance) (videoclip_disk_bytes{state="total"})',
        "10m", "page", "Less than a tenth of the data folder's disk is free",
    ),
    Rule("BackupOld", "min(videoclip_backup_age_seconds) > 2 * 86400", "1h", "page", "No backup was made for two days"),
    Rule("DeliveriesLate", "max(videoclip_deliveries_oldest_age_seconds) > 3600", "10m", "ticket", "Webhooks or notifications wait for more than an hour"),
    Rule("AlertsNotSent", 'increase(videoclip_alerts_total{outcome="failed"}[15m]) > 0', "0m", "ticket", "Alerts do not reach people"),
)  # fmt: skip


def rules_document(rules: tuple[Rule, ...]) -> dict[str, Any]:
    """A rule file of Prometheus."""
    return {"groups": [{"name": "videoclip", "rules": [_rule(r) for r in rules]}]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "alert": f"Videoclip{rule.name}",
        "expr": rule.expr,
        "for": rule.wait,
        "labels": {"severity": rule.severity},
        "annotations": {
            "summary": rule.summary,
            "runbook_url": f"{RUNBOOKS}#{rule.name.lower()}",
        },
    }
