"""A Ray Serve for tests: the speech application on the session's Ray, with processors to spare for its replicas."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from serve_apps.asr import application
from serve_apps.config import AsrServing
from serve_apps.resources import AsrPlan
from tests.support.ports import free_port


@contextlib.contextmanager
def speech_app(name: str, **values: Any) -> Iterator[Any]:
    """Deploy the speech application; gives its handle, deletes it at the end."""
    from ray import serve

    serve.start(http_options={"host": "127.0.0.1", "port": free_port()})
    yield deploy_speech(name, **values)
    serve.delete(name)


def deploy_speech(name: str, **values: Any) -> Any:
    """Deploy the speech application, or exchange the one that is there; returns when all its replicas are new."""
    from ray import serve

    settings = {"recogniser": "pocketsphinx", "language": "en", "num_cpus": 0.1, **values}
    serving = AsrServing.model_validate({"name": name, **settings})
    return serve.run(application(AsrPlan(serving, "cpu", 0.0)), name=name, route_prefix=None)
