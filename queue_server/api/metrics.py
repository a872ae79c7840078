"""Figures for a metrics collector, in the Prometheus text format. No ids and no names: only how many and how long."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from queue_server.auth.deps import MeasurementGuard, core_of, open_to_all
from queue_server.core import Core
from queue_server.usecases.once import look

router = APIRouter(tags=["operation"])


class Metrics:
    """One registry per server, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "denluot_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram("denluot_request_seconds", "Time to answer.", ["route"], registry=self.registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, core: Core) -> None:
        """Add the figures that are read when asked for."""
        for name, text, read in (
            ("denluot_writer_commits", "Commits of the writer.", lambda: core.writer.commits),
            ("denluot_writer_changes", "Changes in those commits.", lambda: core.writer.changes),
            ("denluot_writer_waiting", "Changes waiting for the writer.", lambda: core.writer.waiting),
            ("denluot_feed_listeners", "Listeners of the feed.", lambda: core.hub.listeners),
        ):
            Gauge(name, text, registry=self.registry).set_function(read)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@router.get("/metrics", dependencies=[Depends(MeasurementGuard())], response_class=Response)
def metrics(request: Request) -> Response:
    """For this machine itself and for administrators."""
    found = request.app.state.metrics
    assert isinstance(found, Metrics)
    return Response(generate_latest(found.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/healthz", dependencies=[Depends(open_to_all("tells only that the server and its database answer"))])
def healthz(core: Core = Depends(core_of)) -> dict[str, str]:
    """200 when the server can read its database."""
    look(core, lambda reading: reading.site)
    return {"status": "ok"}
