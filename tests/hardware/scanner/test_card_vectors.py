"""The cards package agrees with every vector of the study (tests/data/identity.json, all people invented)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from hardware.scanner.cards import FIELDS, Refusal, RefusalCode, answer, read_card
from protocol.nouns import DocumentKind, Identity

DATA = json.loads((Path(__file__).parents[2] / "data" / "identity.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(DATA["as_of"])
VECTORS = DATA["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    assert answer(vector["raw"], vector["entry"], TODAY) == vector["expect"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_bytes_read_like_text(vector: dict[str, Any]) -> None:
    assert read_card(vector["raw"].encode(), vector["entry"], TODAY) == read_card(vector["raw"], vector["entry"], TODAY)


def test_every_document_and_every_refusal_has_a_name() -> None:
    assert set(FIELDS) == set(get_args(DocumentKind))
    assert list(get_args(RefusalCode)) == DATA["conventions"]["error_codes"]


def test_fields_are_fields_of_the_noun() -> None:
    assert {field for fields in FIELDS.values() for field in fields} <= set(Identity.model_fields)


def test_a_refusal_is_a_value() -> None:
    assert read_card("", "scan", TODAY) == Refusal("empty")
