"""Guards for pages: who is not signed in is shown the sign-in page, not an error for machines."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from queue_server.auth.deps import StaffGuard
from queue_server.errors import NotAllowed
from queue_server.usecases.callers import StaffCaller

SIGN_IN = "/staff/sign-in"
_OWN_PAGE = re.compile(r"/(staff|sandbox)(/[A-Za-z0-9_.:-]+)*")


class SignInFirst(Exception):
    """The reader of a page is not signed in, or not as someone who may see it."""

    def __init__(self, code: str, wanted: str) -> None:
        super().__init__(code)
        self.code = code
        self.wanted = wanted


class PageGuard(StaffGuard):
    async def __call__(self, connection: HTTPConnection) -> StaffCaller:
        try:
            return await super().__call__(connection)
        except NotAllowed as refused:
            raise SignInFirst(refused.code, connection.url.path) from refused


def own_page(path: str | None) -> str:
    """A page of ours to go on to; never an address that somebody else put into a link."""
    return path if path and _OWN_PAGE.fullmatch(path) else "/staff"


async def to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)
    why = "&why=wrong_role" if error.code == "wrong_role" else ""
    return RedirectResponse(f"{SIGN_IN}?next={quote(own_page(error.wanted), safe='/')}{why}", 303)
