"""A thin proxy: the same address and queue limits as a served model, in front of any OpenAI-compatible endpoint."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from serve_apps.planning import autoscaling, placed
from serve_apps.resources import LlmPlan

__all__ = ["Upstream", "proxy_application"]

_TIMEOUT_S = 600.0
_PASSED_ON = ("content-type", "retry-after", "x-request-id")


class Upstream:
    """Passes requests on and streams the answers back.

    Args:
        base_url: usually ends in /v1.
        key_variable: environment variable of this process that holds the key; empty: none is sent.
        model: name that replaces the caller's; empty: the caller's stays.
    """

    def __init__(self, base_url: str, key_variable: str, model: str) -> None:
        self._base = base_url.rstrip("/")
        self._model = model
        # The caller's own key is meant for us, not for them.
        key = os.environ.get(key_variable, "") if key_variable else ""
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_TIMEOUT_S, connect=10.0),
            headers={"authorization": f"Bearer {key}"} if key else {},
        )

    def web_app(self) -> FastAPI:
        """The web application: models, chat completions, completions."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_api_route("/v1/models", self.models, methods=["GET"], response_model=None)
        for path, handler in (("chat/completions", self.chat), ("completions", self.completions)):
            app.add_api_route(f"/v1/{path}", handler, methods=["POST"], response_model=None)
        return app

    async def models(self) -> Response:
        """Names of the models there."""
        return await self._pass_on(self._client.build_request("GET", f"{self._base}/models"))

    async def chat(self, request: Request) -> Response:
        """Chat completions."""
        return await self._post(request, "chat/completions")

    async def completions(self, request: Request) -> Response:
        """Completions."""
        return await self._post(request, "completions")

    async def _post(self, request: Request, path: str) -> Response:
        try:
            content: Any = await request.json()
        except ValueError:
            return _refusal(400, "the body is not JSON")
        if self._model and isinstance(content, dict):
            content["model"] = self._model
        return await self._pass_on(
            self._client.build_request("POST", f"{self._base}/{path}", json=content)
        )

    async def _pass_on(self, outgoing: httpx.Request) -> Response:
        try:
            answer = await self._client.send(outgoing, stream=True)
        except httpx.HTTPError as error:
            return _refusal(502, f"the upstream gave no answer: {type(error).__name__}")

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_bytes():
                    yield chunk
            finally:
                await answer.aclose()

        kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        return StreamingResponse(body(), status_code=answer.status_code, headers=kept)


def proxy_application(plan: LlmPlan) -> Any:
    """A Serve application that passes requests on to ``llm.upstream`` (`ray.serve.Application`)."""
    from ray import serve

    serving = plan.serving

    def web_app() -> FastAPI:
        return Upstream(serving.upstream, serving.upstream_key, serving.model).web_app()

    class Proxy:
        """Holds no model; the limits are what it is for."""

    deployment: Any = serve.deployment(
        serve.ingress(web_app)(Proxy),
        name="Proxy",
        ray_actor_options={
            "num_cpus": min(serving.num_cpus, 0.1),
            "num_gpus": plan.num_gpus,
            **placed(serving.nodes),
        },
        autoscaling_config=autoscaling(serving),
        max_ongoing_requests=serving.max_ongoing_requests,
        max_queued_requests=serving.max_queued_requests,
    )
    return deployment.bind()


def _refusal(status: int, message: str) -> Response:
    fault = {"message": message, "type": "upstream", "code": status}
    return JSONResponse({"error": fault}, status)
