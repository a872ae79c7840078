"""FHIR R4 over HTTPS: one transaction, one POST to the base address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from queue_server.emr.answers import read_answer
from queue_server.emr.port import Message, Outcome

_LARGEST_ANSWER = 4_000_000
"""Bytes. An answer to four entries is a few kilobytes; more than this is not meant for us."""


class FhirRest:
    """Sends to one base address. `token` is asked for each message, so that a renewed one is used at once.

    The whole call has an end: connecting, each read, and everything together (the lease of a row is longer).
    """

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str],
        connect_s: float = 5.0,
        read_s: float = 15.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = base_url.rstrip("/")
        self._token = token
        self._whole_s = connect_s + 2 * read_s
        # No redirects: the patient's data and the token go where the hospital said, and nowhere else.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(read_s, connect=connect_s),
            follow_redirects=False,
            transport=transport,
            trust_env=False,
        )

    async def send(self, message: Message) -> Outcome:
        try:
            async with asyncio.timeout(self._whole_s):
                return await self._post(message)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome("transient", "timeout", "no whole answer in time; it may have been stored")
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError, httpx.InvalidURL) as error:
            return Outcome("transient", "unreachable", type(error).__name__)

    async def _post(self, message: Message) -> Outcome:
        entries = len(json.loads(message.payload)["entry"])
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/fhir+json; charset=utf-8",
            "Accept": "application/fhir+json",
            "X-Request-Id": message.message_id,
        }
        content = message.payload.encode()
        async with self._client.stream("POST", self._url, content=content, headers=headers) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _LARGEST_ANSWER:
                    return Outcome("transient", "not_fhir", "an answer without end")
            now = datetime.now(UTC)
            text = body.decode("utf-8", "replace")
            return read_answer(response.status_code, dict(response.headers), text, entries, now)

    async def close(self) -> None:
        await self._client.aclose()
