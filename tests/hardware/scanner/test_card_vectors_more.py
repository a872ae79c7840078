"""The cards package agrees with tests/data/identity_more.json: what the study's vectors leave between them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from hardware.scanner.cards import RefusalCode, answer, read_lines
from protocol.nouns import DocumentKind

DATA = json.loads((Path(__file__).parents[2] / "data" / "identity_more.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(DATA["as_of"])
VECTORS = DATA["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    assert answer(vector["raw"], vector["entry"], TODAY) == vector["expect"]


def test_the_command_answers_the_same() -> None:
    asked = (json.dumps({"raw": vector["raw"], "entry": vector["entry"]}).encode() + b"\r\n" for vector in VECTORS)
    assert [json.loads(line) for line in read_lines(asked, TODAY)] == [vector["expect"] for vector in VECTORS]


def test_every_document_and_every_refusal_occurs() -> None:
    answers = [vector["expect"] for vector in VECTORS]
    assert {told["document"] for told in answers if told["ok"]} == set(get_args(DocumentKind))
    assert {told["error"] for told in answers if not told["ok"]} == set(get_args(RefusalCode))


def test_names_of_vectors_are_unique() -> None:
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)
