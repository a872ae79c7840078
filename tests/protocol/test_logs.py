"""Log lines are for people or for a collector; both carry what was told beside the message."""

from __future__ import annotations

import json
import logging
import sys

from protocol.logs import JsonLines, PlainLines


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "kiosk.app", "levelno": 20, "levelname": "INFO", "msg": message, **extra})
    made.args = arguments
    return made


def test_a_line_for_people_ends_with_what_was_told() -> None:
    line = PlainLines().format(record("call said seq=%d", 7, heard=True, code="ok"))
    assert line.endswith("INFO kiosk.app call said seq=7 heard=True code=ok")


def test_a_line_for_a_collector_is_one_json_object() -> None:
    line = json.loads(JsonLines().format(record("said", call_seq=7, code="ok")))
    assert (line["message"], line["level"], line["call_seq"], line["code"]) == ("said", "info", 7, "ok")
    assert line["at"].endswith("+00:00")


def test_a_fault_stays_on_one_line_for_the_collector_with_its_trace() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        made = record("fault", exc_info=sys.exc_info())
    text = JsonLines().format(made)
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["trace"]
