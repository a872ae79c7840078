"""What an onlooker may see of a person: family name and initials, the last three digits. Pure."""

from __future__ import annotations

_DOTS = "•••"


def mask(number: str) -> str:
    """The last three characters behind dots that do not tell the length. Three or fewer are hidden altogether.

    >>> mask("001090000017")
    '•••017'
    """
    return _DOTS + number[-3:] if len(number) > 3 else _DOTS


def masked_name(full_name: str) -> str:
    """Family name (the first word in Vietnamese) and initials; of a single word only the initial.

    >>> masked_name("Nguyễn Văn Thử")
    'Nguyễn V. T.'
    """
    first, *others = full_name.split() or [""]
    if not others:
        return f"{first[0]}." if first else ""
    return " ".join([first, *(f"{word[0]}." for word in others)])
