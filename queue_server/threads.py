"""Waiting for work in a thread, also when the one who waits is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_the_end(work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """`asyncio.to_thread`; a cancellation is passed on once the thread has ended.

    So whoever cancelled a task and waited for it may close the database: no thread is still using a connection.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **more))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()  # nobody else will ask
        raise
