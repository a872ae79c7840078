"""What a client of the server can meet.

ClientError
├── ServerAway       no usable answer in time; the same request may be sent again later, with its ``request_id``
└── ServerRefused    the server understood and declined; sending it again changes nothing
"""

from __future__ import annotations


class ClientError(Exception):
    """`code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ServerAway(ClientError):
    """Codes: ``unreachable``, ``timeout``, ``not_our_server``, or a 503 code of the server (``busy`` ...)."""


class ServerRefused(ClientError):
    """`message` is a sentence for people in the language that was asked for; `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int, detail: dict[str, str]) -> None:
        super().__init__(code)
        self.message = message
        self.status = status
        self.detail = detail
