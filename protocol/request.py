"""What every request has, and the plainest answer."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, ClassVar, TypeAlias

from pydantic import ConfigDict, Field

from protocol.nouns import Value

Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
ShortText: TypeAlias = Annotated[str, Field(max_length=200)]
LARGEST = 2**31 - 1
"""Of a whole number: what every database holds."""


def new_request_id() -> str:
    """Of 32 hexadecimal digits: milliseconds, then 80 random bits. What the server keeps of today lies side by side."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


class Request(Value):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: ClassVar[str]
    answer: ClassVar[type[Value]]

    request_id: Id = Field(default_factory=new_request_id)
    age_s: float = Field(default=0.0, ge=0.0, le=7 * 86400.0)


class Done(Value):
    """An answer that says only: it is written."""

    seq: int
    """Number of the journal entry that tells of it."""
