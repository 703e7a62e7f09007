"""What operators see of the platform: metrics, traces, reports. No Ray and no web framework in here.

`catalogue` names every metric; `meter` counts; `exporter` lets Prometheus read; `tracing` writes spans.
"""
