"""Secrets and what is kept of them. Pure but for the operating system's random source.

Keys, session tokens and ticket addresses are 256 (or 128) random bits: a plain SHA-256 of such a value cannot be
guessed back, so no slow hash is needed. Passwords are another matter: `queue_server.auth.passwords`.
"""

from __future__ import annotations

import hashlib
import secrets
import time


def new_key() -> str:
    """A device key or session token: 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """An id of 32 hexadecimal digits that grows with time and cannot be guessed: milliseconds, then 80 random bits.

    Rows of today lie side by side in every index then, however many years are behind them (docs/decisions/0014).
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def new_address() -> str:
    """What whoever has it may look at: 128 random bits."""
    return secrets.token_hex(16)


def new_pairing_code() -> str:
    """Six digits, leading zeros included."""
    return f"{secrets.randbelow(1_000_000):06d}"


def fingerprint(secret: str) -> str:
    """What is stored of a secret: its SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()
