"""What may not be in the project: names of package registries, lock files that hold them, large files, stray names."""

from __future__ import annotations

import re
import subprocess

from tests.house.tree import ROOT


def tracked() -> list[str]:
    """Whoever owns the folder: CI may run as somebody else, and git then refuses to look without being told."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout
    return run.stdout.splitlines()


def test_requirements_are_pinned_and_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert lines
        assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;]+", line)] == []


def test_no_lock_file_holds_registry_addresses() -> None:
    assert [path for path in tracked() if path.endswith(("uv.lock", "package-lock.json", "yarn.lock"))] == []


def test_files_stay_small() -> None:
    assert [path for path in tracked() if (ROOT / path).is_file() and (ROOT / path).stat().st_size > 2_000_000] == []


def test_generated_look_is_as_new_as_its_source() -> None:
    import json

    from theme.generate import font_faces, python_module, style_sheet

    tokens = json.loads((ROOT / "theme" / "tokens.json").read_text(encoding="utf-8"))
    assert (ROOT / "theme" / "tokens.py").read_text(encoding="utf-8") == python_module(tokens)
    assert (ROOT / "theme" / "web" / "tokens.css").read_text(encoding="utf-8") == style_sheet(tokens)
    assert (ROOT / "theme" / "web" / "fonts.css").read_text(encoding="utf-8") == font_faces()
    pictures = {path.stem for path in (ROOT / "theme" / "icons").glob("*.png")}
    assert pictures == {path.stem for path in (ROOT / "theme" / "icons").glob("*.svg")}
