"""A task that is cancelled ends when its thread has: the database may be closed then."""

from __future__ import annotations

import asyncio
import threading

import pytest

from queue_server.threads import to_the_end


async def test_what_the_thread_says_is_passed_on() -> None:
    assert await to_the_end(max, 1, 2) == 2
    with pytest.raises(ZeroDivisionError):
        await to_the_end(lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancellation_waits_for_the_thread(fails: bool) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        may_end.wait(10)
        ended.set()
        if fails:
            raise OSError

    task = asyncio.create_task(to_the_end(work))
    await asyncio.to_thread(began.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
