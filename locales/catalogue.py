"""Reading gettext catalogues and looking texts up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "catalogues"
FALLBACK = "vi"
"""A text that a language lacks is shown in Vietnamese: the people at the hospital can read it."""

Texts = Mapping[str, tuple[str, ...]]
"""From key to its forms; one form unless the text counts something."""


class MissingText(KeyError):
    """No catalogue has this key. A fault of the program, found by the house tests."""


@dataclass(frozen=True)
class Catalogues:
    """All texts of all languages, and how each language counts."""

    texts: Mapping[str, Texts]
    plural_index: Mapping[str, object]

    def text(self, key: str, language: str, count: int | None = None) -> str:
        for candidate in (language, FALLBACK):
            forms = self.texts.get(candidate, {}).get(key)
            if forms and forms[0]:
                return forms[min(self._form(candidate, count), len(forms) - 1)]
        raise MissingText(key)

    def completeness(self, language: str) -> float:
        """Share of the fallback's keys that this language has, 0 to 1."""
        wanted = self.texts[FALLBACK]
        have = self.texts.get(language, {})
        return sum(1 for key in wanted if have.get(key, ("",))[0]) / len(wanted) if wanted else 1.0

    def _form(self, language: str, count: int | None) -> int:
        index = self.plural_index.get(language)
        return int(index(count)) if count is not None and callable(index) else 0


def load_catalogues(folder: Path = FOLDER) -> Catalogues:
    """Read every ``<language>/<surface>.po`` under `folder`."""
    texts: dict[str, Texts] = {}
    plural_index: dict[str, object] = {}
    for language_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        language = language_folder.name
        merged: dict[str, tuple[str, ...]] = {}
        for file in sorted(language_folder.glob("*.po")):
            with file.open("rb") as stream:
                catalogue = read_po(stream, locale=language, charset="utf-8")
            plural_index[language] = _plural_function(catalogue.plural_expr)
            for message in catalogue:
                if message.id:
                    key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
                    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
                    merged[key] = tuple(str(form) for form in forms)
        texts[language] = merged
    return Catalogues(texts, plural_index)


def _plural_function(expression: str) -> object:
    from gettext import c2py  # the standard library's own safe reader of plural expressions

    return c2py(expression)


@lru_cache(maxsize=1)
def _catalogues() -> Catalogues:
    return load_catalogues()


def languages() -> tuple[str, ...]:
    """Languages that have a catalogue, the fallback first."""
    return tuple(sorted(_catalogues().texts, key=lambda language: (language != FALLBACK, language)))


_PLACE = re.compile(r"\{(\w+)\}")


def t(key: str, language: str, **values: object) -> str:
    """The text for `key`, with ``{name}`` places filled. A place without a value stays as it is, so that it is seen."""
    return _fill(_catalogues().text(key, language), values)


def plural(key: str, language: str, count: int, **values: object) -> str:
    """The form of `key` for this count, with ``{count}`` filled."""
    return _fill(_catalogues().text(key, language, count), {"count": count, **values})


def _fill(text: str, values: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)
