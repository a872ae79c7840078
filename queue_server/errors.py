"""What can go wrong in the queue server, with stable codes. The texts are ``server.error.<code>``.

QueueError
├── Refused            the wish is understood and declined; nothing was written
│   ├── NotFound         no such room, service, entry, ticket ...
│   ├── Conflict         things are not (or no longer) as the caller thinks
│   └── Invalid          the request itself cannot be right
├── NotAllowed         who is asking may not
├── Unavailable        not now: try again
└── CannotUse          a file or word given to a command; never an answer to a device or page, so it has no such text
"""

from __future__ import annotations


class QueueError(Exception):
    """`code` is stable; `detail` holds short texts for machines, never personal data."""

    def __init__(self, code: str, **detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Refused(QueueError):
    pass


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class Invalid(Refused):
    pass


class NotAllowed(QueueError):
    pass


class Unavailable(QueueError):
    pass


class CannotUse(QueueError):
    """The details are in plain English: where, then what is wrong."""
