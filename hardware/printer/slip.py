"""What is on the paper, without pixels: the words between the programs that know tickets and the printer that does not.

Every text is cleaned on the way in: composed (NFC, so that accents are single letters), white space made single, and
every character that is not to be seen (control, format, private, unassigned) taken out. Texts are drawn, never sent
to a printer as text; the cleaning keeps escape sequences out of logs and pictures too.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Size: TypeAlias = Literal["small", "text", "label", "strong"]
Weight: TypeAlias = Literal["regular", "medium", "bold"]
Align: TypeAlias = Literal["left", "center", "right"]

NO_BREAK = "\u00a0"
"""A space where no line may end, as between "phòng" and its number. It is kept; other white space is made plain."""
LINE_LENGTH = 200
SHORT_LENGTH = 60
PAYLOAD_LENGTH = 300


def clean(text: object) -> str:
    """`text` composed, in single spaces, without anything invisible. Raises ValueError when it is no text."""
    if not isinstance(text, str):
        raise ValueError("a text is needed")
    seen = "".join(_visible(letter) for letter in unicodedata.normalize("NFC", text))
    return " ".join(word for word in seen.split(" ") if word.strip())


def shorten(text: str, length: int) -> str:
    """`text` cleaned and at most `length` characters long; what was cut is marked by an ellipsis."""
    whole = clean(text)
    return whole if len(whole) <= length else whole[: length - 1].rstrip() + "…"


def _visible(letter: str) -> str:
    if letter.isspace():
        return letter if letter == NO_BREAK else " "
    return "" if unicodedata.category(letter).startswith("C") else letter


Text: TypeAlias = Annotated[str, BeforeValidator(clean), Field(min_length=1, max_length=LINE_LENGTH)]
ShortText: TypeAlias = Annotated[str, BeforeValidator(clean), Field(min_length=1, max_length=SHORT_LENGTH)]
Payload: TypeAlias = Annotated[str, Field(pattern=rf"^[\x21-\x7e]{{1,{PAYLOAD_LENGTH}}}$")]


class Block(BaseModel):
    """One piece of a slip, as wide as the paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(Block):
    """Text in one size, wrapped where the paper ends."""

    kind: Literal["line"] = "line"
    text: Text
    size: Size = "text"
    weight: Weight = "regular"
    align: Align = "center"


class Number(Block):
    """The number, as large as the paper allows and never under 12 mm high. Capitals, digits and dashes only."""

    kind: Literal["number"] = "number"
    text: Annotated[str, Field(pattern=r"^[0-9A-ZĐ-]{1,12}$")]


class Band(Block):
    """Where to go, white on a black band with an icon of the theme; or, not filled, a notice in a black frame."""

    kind: Literal["band"] = "band"
    text: ShortText
    icon: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    filled: bool = True


class Labelled(Block):
    label: ShortText
    value: ShortText


class Pair(Block):
    """Two labelled values side by side."""

    kind: Literal["pair"] = "pair"
    left: Labelled
    right: Labelled


class Code(Block):
    """A QR code (visible ASCII only) with text beside it."""

    kind: Literal["code"] = "code"
    payload: Payload
    beside: Annotated[tuple[Line, ...], Field(max_length=6)] = ()


class Rule(Block):
    """A dashed line."""

    kind: Literal["rule"] = "rule"


class Feed(Block):
    """Empty paper."""

    kind: Literal["feed"] = "feed"
    millimetres: Annotated[float, Field(gt=0, le=40)]


AnyBlock: TypeAlias = Annotated[Line | Number | Band | Pair | Code | Rule | Feed, Field(discriminator="kind")]


class Slip(BaseModel):
    """What is on one piece of paper, from the top. ``large`` asks for large print."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blocks: Annotated[tuple[AnyBlock, ...], Field(min_length=1, max_length=40)]
    large: bool = False
