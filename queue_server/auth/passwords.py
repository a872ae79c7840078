"""Passwords: argon2id through pwdlib. A hash takes 64 MB and about 150 ms, so it runs in a thread, two at a time."""

from __future__ import annotations

import asyncio

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE = 2


class Passwords:
    """Hashes and checks. `weak` is for tests only: the same algorithm with little work."""

    def __init__(self, weak: bool = False) -> None:
        hasher = Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1) if weak else Argon2Hasher()
        self._hash = PasswordHash((hasher,))
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = self._hash.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is stored. Blocks for the time of a hash."""
        return self._hash.hash(password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether this is the password. Takes the same time when nobody has that name (`stored` is None)."""
        async with self._turns:
            right = await asyncio.to_thread(self._verify, password, stored or self._nobody)
        return right and stored is not None

    def _verify(self, password: str, stored: str) -> bool:
        try:
            return self._hash.verify(password, stored)
        except UnknownHashError:
            return False
