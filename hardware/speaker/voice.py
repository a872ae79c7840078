"""The parent's side of the voice: one worker process, restarted when it does not answer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path

from hardware.errors import DeviceFault

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
WORKER = (sys.executable, "-m", "hardware.speaker.worker")


class VoiceProcess:
    """Makes clips, one at a time. Started by the first wish; a worker that is silent for `timeout_s`, or whose engine
    wrote no whole sound (1 to 2 of 100 calls of pyttsx3), is ended and the wish is tried once more with a new one."""

    def __init__(self, command: Sequence[str] = WORKER, timeout_s: float = 5.0) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._process: Process | None = None
        self._busy = asyncio.Lock()
        self.starts = 0
        """How often a worker was started; more than 1 means that one had to be replaced."""

    async def ready(self) -> None:
        """Have a worker running. Raises DeviceFault ``voice_missing`` or ``voice_failed``."""
        async with self._busy:
            await self._with_a_worker(None)

    async def make(self, text: str, voice: str, rate: int, path: Path) -> None:
        """Write the clip of `text` to `path`: whole or not at all. Raises DeviceFault
        (``clip_incomplete`` after two tries)."""
        wish = json.dumps({"text": text, "voice": voice, "rate": rate, "path": str(path)})
        async with self._busy:
            await self._with_a_worker(wish)

    async def close(self) -> None:
        async with self._busy:
            await self._end()

    async def _with_a_worker(self, wish: str | None) -> None:
        for attempt in (1, 2):
            try:
                if self._process is None:
                    await self._start()
                if wish is not None:
                    await self._ask(wish)
                return
            except (TimeoutError, ConnectionError) as error:
                log.warning("voice_worker_silent attempt=%s error=%s", attempt, type(error).__name__)
                await self._end()
            except asyncio.CancelledError:
                # Its answer would be taken for the answer to the next wish.
                await self._end()
                raise
            except DeviceFault as fault:
                lost = fault.code == "clip_incomplete"
                if lost or (self._process is not None and self._process.returncode is not None):
                    await self._end()
                if not lost or attempt == 2:
                    raise
                log.warning("voice_clip_lost attempt=%s", attempt)
        raise DeviceFault("voice_failed", "the worker did not answer twice")

    async def _start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
            )
        except OSError as error:
            raise DeviceFault("voice_missing", str(error)) from error
        self.starts += 1
        try:
            await self._answer()
        except DeviceFault:
            await self._end()
            raise

    async def _ask(self, wish: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(wish.encode() + b"\n")
        await self._process.stdin.drain()
        await self._answer()

    async def _answer(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(self._timeout_s):
            line = await self._process.stdout.readline()
        if not line:
            raise ConnectionResetError("the worker ended")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise ConnectionResetError("the worker talks nonsense") from error
        if "error" in answer:
            raise DeviceFault(str(answer["error"]), str(answer.get("detail", "")))

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()
        # Let the pipes close on this loop: a transport that outlives it warns.
        if process.stdout is not None:
            await process.stdout.read()
