"""Messages of every released version must still decode, and mean the same. Files are added, never changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import protocol.appointments
import protocol.journey
import protocol.nouns
import protocol.requests
from protocol.frames import FRAME_TYPES, FROM_SERVER, VERSION, Hello, Numbered
from protocol.nouns import Value
from protocol.requests import REQUESTS

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
FILES = sorted(GOLDEN.glob("protocol-*/*.json"))


def decode(name: str, text: str) -> Value:
    kind, _, rest = name.partition("-")
    if kind in ("request", "answer"):
        homes = (protocol.requests, protocol.appointments, protocol.journey, protocol.nouns)
        found = next(getattr(home, rest) for home in homes if hasattr(home, rest))
        kind_of: type[Value] = found
        return kind_of.model_validate_json(text)
    return Hello.model_validate_json(text) if name == "hello" else FROM_SERVER.validate_json(text)


def is_within(old: Any, new: Any) -> bool:
    """Everything that was said then is still said now; more may be said."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and is_within(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(is_within, old, new))
    return bool(old == new)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_was_released_still_decodes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert is_within(json.loads(text), decode(path.stem, text).model_dump(mode="json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_newer_program_may_say_more(path: Path) -> None:
    """Unknown fields are ignored in what the server says; in requests they are refused (a misspelt wish is no wish)."""
    told = json.loads(path.read_text(encoding="utf-8")) | {"from_tomorrow": 1}
    if path.stem.startswith("request-"):
        with pytest.raises(ValueError, match="from_tomorrow"):
            decode(path.stem, json.dumps(told))
    else:
        assert decode(path.stem, json.dumps(told)) == decode(path.stem, path.read_text(encoding="utf-8"))


def test_every_message_of_this_version_has_its_golden_file() -> None:
    names = {path.stem for path in GOLDEN.glob(f"protocol-{VERSION}/*.json")}
    assert {f"numbered-{frame.model_fields['type'].default}" for frame in FRAME_TYPES} <= names
    assert {f"request-{request.__name__}" for request in REQUESTS} <= names
    assert {f"answer-{request.answer.__name__}" for request in REQUESTS} <= names


def test_every_request_has_an_address_of_its_own() -> None:
    paths = [request.path for request in REQUESTS]
    assert len(set(paths)) == len(paths)
    assert all(path.startswith("/api/") for path in paths)
    assert issubclass(Numbered, Value)
