"""What the house tests look at: the Python files of the project, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("queue_server", "kiosk", "display")
PACKAGES = ("protocol", "locales", "theme", "hardware", *PROGRAMS)
MIGRATIONS = "queue_server/store/migrations/versions/"


def files(*packages: str) -> list[str]:
    """Paths from the project's root, with slashes; migrations (written once, never read again) left out."""
    found = [
        path.relative_to(ROOT).as_posix() for package in packages or PACKAGES for path in (ROOT / package).rglob("*.py")
    ]
    return sorted(path for path in found if not path.startswith(MIGRATIONS) and "/node_modules/" not in path)


@cache
def source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse(source(path), filename=path)


def imported(path: str) -> Iterator[str]:
    """Dotted names of all modules that this file imports, wherever in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_once(path: str) -> Iterator[str]:
    """Modules imported when this file is: imports inside functions and under TYPE_CHECKING are left out."""
    pending: list[ast.stmt] = list(parsed(path).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            pending += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            pending += [*node.body, *node.orelse, *node.finalbody]


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
