"""Log lines of every program: one event a line on standard error, with ids and figures and never names of people."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

QUIET = ("httpx", "httpcore", "websockets", "uvicorn.access", "alembic", "kivy")
"""These would log addresses, a line for each answer, or what the graphics card is called."""
_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}


def told_with(record: logging.LogRecord) -> dict[str, Any]:
    """What was handed in as ``extra``."""
    return {name: value for name, value in record.__dict__.items() if name not in _PLAIN}


class JsonLines(logging.Formatter):
    """Each record as one JSON object, for a log collector."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **told_with(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """For people: time, level, where, what, and then ``name=value`` for each thing told with it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        extra = "".join(f" {name}={value}" for name, value in told_with(record).items())
        return super().formatMessage(record) + extra


def set_up(as_json: bool) -> None:
    """Log to standard error. Called once, by a program's command line."""
    # What no line of ours shows need not be found out for each (logging's own HOWTO): half of what a line costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
