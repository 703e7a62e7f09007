"""Pipelines: one video sharded, its shards processed in parallel under Ray Data, results committed.

`run_job` in `jobs.py` is the one entry for the command line, the gateway, `ray job submit` and tests.
"""
