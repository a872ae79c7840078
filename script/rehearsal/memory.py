"""What the running programs still hold of a person: every object the interpreter knows is looked at.

The rehearsal and the tests know the person themselves, so only the programs' own objects, and what waits in their
coroutines, are looked at.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

_PROGRAMS = ("asyncio", "hardware", "kiosk", "kivy", "protocol", "theme")
_ROOT = Path(__file__).parents[2]
_CODE_OF: dict[type, str] = {
    CoroutineType: "cr_code",
    GeneratorType: "gi_code",
    AsyncGeneratorType: "ag_code",
    FrameType: "f_code",
}
_CONTAINERS = (dict, list, tuple, set, frozenset)
_DEEPEST = 3


def holders(words: Iterable[str]) -> list[str]:
    """Names of the objects that hold one of `words`, as text or as bytes. Looks at all memory: takes a second."""
    gc.collect()
    wanted = tuple(words)
    found = set()
    for thing in gc.get_objects():
        name = _name(thing)
        if name and any(word in text for text in _texts(thing, _DEEPEST) for word in wanted):
            found.add(name)
    return sorted(found)


def _name(thing: Any) -> str:
    """Empty for what belongs to no program. A coroutine's names are those of the code it runs."""
    kind = type(thing)
    if kind in _CODE_OF:
        code = getattr(thing, _CODE_OF[kind])
        path = Path(code.co_filename)
        ours = path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _PROGRAMS
        return str(code.co_qualname) if ours else ""
    module = str(kind.__module__)
    return f"{module}.{kind.__qualname__}" if module.partition(".")[0] in _PROGRAMS else ""


def _texts(thing: Any, depth: int) -> Iterator[str]:
    """Texts that `thing` holds itself, in its attributes and in plain containers."""
    for held in gc.get_referents(thing):
        kind = type(held)  # not isinstance: that would ask a weak proxy for the class of something gone
        if issubclass(kind, str):
            yield held
        elif issubclass(kind, bytes | bytearray):
            yield held.decode("utf-8", "ignore")
        elif depth and kind in _CONTAINERS:
            yield from _texts(held, depth - 1)
