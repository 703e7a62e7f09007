"""Dashboards and alert rules as code, and the configuration of what reads them: Prometheus, Alertmanager, Grafana, a collector.

`python -m cluster.observe` writes the generated files; `make docs` does so too.
"""
