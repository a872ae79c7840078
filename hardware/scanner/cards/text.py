"""From what a scanner sent to text that may be trusted as text: framing, control characters, damaged accents. Pure.

The cards' codes declare no character set, so decoders and keyboard-like scanners guess one and damage the names
(measured: 13 % of card codes with plain zbar). Damage is named here and never repaired.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from hardware.scanner.cards.refusal import CardRefused

MOST_CHARACTERS = 4096
"""A QR code holds at most 2953 bytes (ISO/IEC 18004, version 40-L). Anything longer is refused unread."""

# What scanners add at the ends: STX, ETX, EOT, TAB, CR, LF, NUL, FS, GS, RS, US, spaces, byte order marks.
_FRAME = "\x00\x02\x03\x04\t\n\r\x1c\x1d\x1e\x1f \ufeff\u200b"
_BOM_AS_LATIN_1 = "ï»¿"
_AIM_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SPACES = re.compile(r"[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
# Everything a printer or a screen might obey: C0, DEL, line separators, and marks that turn the writing direction.
_CONTROLS = re.compile("[\x00-\x1f\x7f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_C1 = re.compile("[\x80-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Letters of other scripts, box drawing, private use: a decoder took the UTF-8 bytes for Big5, Shift-JIS, CP437 ...
_NOT_LATIN = re.compile(
    "[\u0370-\u1dff\u1f00-\u1fff\u2500-\u259f\u2e80-\uabff\uac00-\ud7af\ue000-\ufaff\ufe30-\uff9f\U00010000-\U0010ffff]"
)
_QUESTION_MARK_AT_LETTER = re.compile(r"[^\W\d_]\?|\?[^\W\d_]")
# The first half of a Vietnamese letter's UTF-8 bytes, seen as Latin-1 or Windows-1252.
_LATIN_1_REMAINS = re.compile("á[»º]|Æ[°¡¯\xa0]|Ä[‘\x91\x90ƒ\x83‚\x82©¨]|[ÃÂ][\x80-\x9f\xa1-\xbf]|Ã\xa0(?=[ ,|]|$)")
_SPACE_THAT_LOOKS_LIKE_REMAINS = re.compile("Ã\xa0(?=[^ ,])")
_LOWER = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_VIETNAMESE = frozenset(_LOWER + _LOWER.upper())


def framed(raw: bytes | str) -> str:
    """The content without what the scanner put around it, in NFC. Refuses what is too long, empty or not UTF-8."""
    if len(raw) > (MOST_CHARACTERS if isinstance(raw, str) else 4 * MOST_CHARACTERS):
        raise CardRefused("unrecognised")
    if isinstance(raw, bytes):
        try:
            raw = raw.decode("utf-8", "strict")
        except UnicodeDecodeError:
            raise CardRefused("bad_utf8") from None
        if len(raw) > MOST_CHARACTERS:
            raise CardRefused("unrecognised")
    if _SURROGATES.search(raw):
        raise CardRefused("bad_utf8")
    text = raw.strip(_FRAME).removeprefix(_BOM_AS_LATIN_1)
    prefix = _AIM_PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :].removeprefix(_BOM_AS_LATIN_1)
    text = text.strip(_FRAME)
    if not text.strip():
        raise CardRefused("empty")
    return normalize("NFC", text)


def tidy(text: str) -> str:
    """NFC, no invisible marks, runs of spaces as one, none at the ends. Case and accents stay as written."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", normalize("NFC", text))).strip()


def check_controls(text: str) -> None:
    """Refuses what a printer or a screen might obey. C1 is looked at later: in garbled text it is half a letter."""
    if _CONTROLS.search(text):
        raise CardRefused("control_characters")


def check_undamaged(text: str) -> None:
    """Refuses accents that were read with a wrong character set (``mojibake``) or dropped (``lost_diacritics``)."""
    if _NOT_LATIN.search(text):
        raise CardRefused("mojibake", recoverable=False)
    parts = [part for part in text.split("|") if not part.isascii()]
    healed = [part for part in parts if _heals(part)]
    if healed:
        rest = [part for part in parts if part not in healed]
        raise CardRefused("mojibake", recoverable=not any(_LATIN_1_REMAINS.search(part) for part in rest))
    if any(_LATIN_1_REMAINS.search(part) for part in parts):
        raise CardRefused("mojibake", recoverable=False)
    if "\ufffd" in text or _QUESTION_MARK_AT_LETTER.search(text):
        raise CardRefused("lost_diacritics")
    if _C1.search(text):
        raise CardRefused("control_characters")


def _heals(part: str) -> bool:
    """True when the part is UTF-8 that was read as Latin-1 or Windows-1252, and is Vietnamese once read rightly."""
    if _SPACE_THAT_LOOKS_LIKE_REMAINS.sub("", part).isascii():
        return False
    try:
        right = normalize("NFC", b"".join(map(_byte, part)).decode("utf-8", "strict"))
    except UnicodeError:
        return False
    letters = [letter for letter in right if letter.isalpha() and not letter.isascii()]
    return bool(letters) and all(letter in _VIETNAMESE for letter in letters)


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")  # the five bytes that Windows-1252 leaves out


def fold(text: str) -> str:
    """Lower case without accents, đ as d: for comparing only, never for showing.

    >>> fold("Đỗ Thị NỮ")
    'do thi nu'
    """
    bare = "".join(letter for letter in normalize("NFD", text.casefold()) if not "\u0300" <= letter <= "\u036f")
    return bare.replace("đ", "d")
