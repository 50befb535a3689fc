"""`GET /metrics`: what Prometheus counts. Imported only where METRICS=1.

Each process counts in files of its own in the folder that promptcrafter.serve made, and whichever
is asked sums them all. The counts of a process that ended stay in the sum, so none goes back.
"""

import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import local

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from rest_framework.exceptions import AuthenticationFailed

from accounts import refusals
from promptcrafter.errors import respond

Handler = Callable[[HttpRequest], HttpResponseBase]

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
DURATIONS = Histogram(
    "promptcrafter_request_duration_seconds",
    "Requests, and how long it took until their answers began.",
    ["method", "route", "status"],
    buckets=[0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
)
IN_FLIGHT = Gauge(
    "promptcrafter_requests_in_flight", "Requests that run now.", multiprocess_mode="livesum"
)
REFUSALS = Counter(
    "promptcrafter_refusals", "Limits that were reached, and wrong passwords.", ["kind"]
)
CONNECTIONS = Gauge(
    "promptcrafter_database_connections",
    "Connections to the database that threads keep between requests.",
    multiprocess_mode="livesum",
)


def start() -> None:
    """In each process that serves requests, once; the parent is none."""
    Gauge(
        "promptcrafter_worker_start_time_seconds",
        "When each process that serves requests began, as Unix time.",
        multiprocess_mode="liveall",
    ).set_to_current_time()
    refusals.listeners.append(lambda kind: REFUSALS.labels(kind).inc())


def each_request(get_response: Handler) -> Handler:
    thread = local()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        IN_FLIGHT.inc()
        try:
            response = get_response(request)
        finally:
            IN_FLIGHT.dec()
        method = request.method if request.method in METHODS else "other"
        labels = (method, _route(request), response.status_code)
        DURATIONS.labels(*labels).observe(time.perf_counter() - began)
        if (connection.connection is not None) != hasattr(thread, "kept"):
            _look_at_connection(thread)
        return response

    return middleware


def _look_at_connection(thread: local) -> None:
    if hasattr(thread, "kept"):
        del thread.kept
    else:
        thread.kept = _Kept()


class _Kept:
    """A thread's connection; a thread that ends takes it with it, and this too."""

    def __init__(self) -> None:
        CONNECTIONS.inc()

    def __del__(self) -> None:
        CONNECTIONS.dec()


def _route(request: HttpRequest) -> str:
    """As in `/prompts/<pk>`, so that there are as many as the service has; `none` for a path that
    leads nowhere, and where the request was refused before anybody looked."""
    match = request.resolver_match
    return _template(match.route) if match else "none"


@lru_cache(maxsize=1_000)
def _template(route: str) -> str:
    named = re.sub(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)", r"\1", route)
    return "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", re.sub(r"\\Z|[\^$\\]", "", named))


# The answer ------------------------------------------------------------------------------------


@csrf_exempt  # for a POST to be told what the route takes
@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """The sum over all processes, for who sends METRICS_TOKEN: it tells of the whole service."""
    scheme, _, sent = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(sent, settings.METRICS_TOKEN):
        return respond(AuthenticationFailed("Send `Authorization: Bearer <METRICS_TOKEN>`."))
    return HttpResponse(generate_latest(_everything()), content_type=CONTENT_TYPE_LATEST)


def _everything() -> CollectorRegistry:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:  # not started by promptcrafter.serve: this process alone
        return REGISTRY
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(About())
    return registry


def _forget_the_dead(folder: Path) -> None:
    """What they had in flight and kept; their counts stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another scrape was here
                mark_process_dead(pid)


class About(Collector):
    def collect(self) -> Iterator[InfoMetricFamily]:
        about = {
            "version": str(settings.SPECTACULAR_SETTINGS["VERSION"]),
            "python": platform.python_version(),
            "django": django.get_version(),
            "database": connection.vendor,
        }
        yield InfoMetricFamily("promptcrafter", "What runs here.", about)
