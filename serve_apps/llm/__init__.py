"""The language application: vLLM through `ray.serve.llm`, or a proxy to an endpoint elsewhere; both speak OpenAI's protocol."""

from __future__ import annotations

from serve_apps.llm.builder import application, build, llm_config

__all__ = ["application", "build", "llm_config"]
