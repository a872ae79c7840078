"""Every text in every language, with the same places to fill, and a note for whoever translates it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from locales import languages, load_catalogues
from tests.house.tree import ROOT, files, parsed

CATALOGUES = ROOT / "locales" / "catalogues"
PLACE = re.compile(r"\{\w+\}")


def read(path: Path) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, charset="utf-8")


SURFACES = sorted(path.name for path in (CATALOGUES / "vi").glob("*.po"))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("surface", SURFACES)
def test_a_language_has_every_text_with_the_same_places(language: str, surface: str) -> None:
    ours, first = read(CATALOGUES / language / surface), read(CATALOGUES / "vi" / surface)
    wanted = {_key(message.id): message for message in first if message.id}
    have = {_key(message.id): message for message in ours if message.id}
    assert set(have) == set(wanted)
    for key, message in have.items():
        assert all(_forms(message.string)), f"{key} is empty in {language}"
        expected = set(PLACE.findall(_forms(wanted[key].string)[0]))
        for form in _forms(message.string):
            assert set(PLACE.findall(form)) <= expected, key
        assert set(PLACE.findall(_forms(message.string)[-1])) == expected, key


@pytest.mark.parametrize("surface", SURFACES)
def test_every_text_has_a_note_for_the_translator(surface: str) -> None:
    wrong = [
        _key(message.id) for message in read(CATALOGUES / "vi" / surface) if message.id and not message.auto_comments
    ]
    assert wrong == []


def test_no_key_stands_in_two_catalogues() -> None:
    keys = [_key(message.id) for path in (CATALOGUES / "vi").glob("*.po") for message in read(path) if message.id]
    assert sorted(keys) == sorted(set(keys))


def test_every_key_that_the_code_names_exists() -> None:
    texts = load_catalogues().texts["vi"]
    missing = []
    for path in files():
        for node in ast.walk(parsed(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"t", "plural"}):
                continue
            key = node.args[0] if node.args else None
            if isinstance(key, ast.Constant) and key.value not in texts:
                missing.append(f"{path}:{node.lineno} {key.value!r}")
    assert missing == []


def _key(message_id: object) -> str:
    first = message_id[0] if isinstance(message_id, (tuple, list)) else message_id
    assert isinstance(first, str)
    return first


def _forms(string: object) -> list[str]:
    return [str(form) for form in string] if isinstance(string, (tuple, list)) else [str(string)]
