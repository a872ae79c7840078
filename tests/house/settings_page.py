"""Writes docs/settings.md from the settings classes: ``python -m tests.house.settings_page``."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr

from display.settings import DisplaySettings
from kiosk.settings import KioskSettings
from queue_server.settings import ServerSettings
from tests.house.tree import PACKAGES, ROOT

PAGE = ROOT / "docs" / "settings.md"
PROGRAMS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Queue server", "DENLUOT_SERVER_", ServerSettings),
    ("Kiosk", "DENLUOT_KIOSK_", KioskSettings),
    ("Display", "DENLUOT_DISPLAY_", DisplaySettings),
)
HEAD = """# Settings

Each program reads its settings from the environment, or from a TOML file given by `--config`; the environment wins.
Unknown names are refused with the nearest known one, and all mistakes are told at once. In the environment, lists and
tables are written as JSON (`DENLUOT_KIOSK_ARROWS='{"floor:2": "arrow-up"}'`). In a TOML file the names are in small
letters and without the prefix; nested parts are tables: `[emr]`, `base_url = "..."`.

This page is made from the code by `python -m tests.house.settings_page`.
"""


def told(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each field in the source of a class or of those that it comes from."""
    ours = [kind for kind in reversed(model.__mro__) if kind.__module__.split(".")[0] in PACKAGES]
    return {name: text for kind in ours for name, text in _told(kind).items()}


def _told(model: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for node, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
            found[node.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return found


def rows(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """Name in the environment, default, what it does; nested parts flattened."""
    texts = told(model)
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from rows(f"{prefix}{name.upper()}__", inner)
        else:
            yield (
                prefix + name.upper(),
                shown(field.get_default(call_default_factory=True)),
                texts.get(name, "").replace("``", "`"),
            )


def shown(default: object) -> str:
    if default is None or (isinstance(default, SecretStr) and not default.get_secret_value()):
        return ""
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        value = "[" + ", ".join(f'"{part}"' for part in value) + "]"
    return f"`{value}`"


def page() -> str:
    parts = [HEAD]
    for title, prefix, model in PROGRAMS:
        lines = [f"## {title}", "", "| setting | default | what it does |", "|---|---|---|"]
        lines += [f"| `{name}` | {default} | {text} |" for name, default, text in rows(prefix, model)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
