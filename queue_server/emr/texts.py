"""Making texts fit for FHIR: pure.

FHIR's ``string`` allows no control characters but tab, CR and LF, is never empty, and has no space at either end.
"""

from __future__ import annotations

import unicodedata

_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make a name read in another order than it is stored: never part of a name on a card."""


def clean(text: str | None) -> str | None:
    """NFC, one line, single spaces, no control characters, no lone surrogates; None when nothing is left."""
    if text is None:
        return None
    composed = unicodedata.normalize("NFC", text)
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in composed if _allowed(c))
    return " ".join("".join(kept).split()) or None


def _allowed(character: str) -> bool:
    return unicodedata.category(character) != "Cs" and character not in _BIDIRECTIONAL


def split_name(text: str) -> tuple[str, tuple[str, ...]]:
    """Family and given names of a Vietnamese name: the first word is the family name. The whole text stays the
    authority; the parts are for systems that cannot do without."""
    family, *given = text.split(" ")
    return family, tuple(given)
