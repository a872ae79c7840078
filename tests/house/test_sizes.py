"""Size and shape. The median function is nine lines in every codebase, good or bad: it is the tail that is guarded."""

from __future__ import annotations

import ast
import re

from tests.house.tree import files, functions, parsed, source

MAX_FILE, MEDIAN_FILE, MAX_FUNCTION, P90_FUNCTION = 500, 150, 80, 30


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(share * (len(values) - 1))]


def test_files_are_short() -> None:
    sizes = {path: source(path).count("\n") for path in files() if path != "theme/tokens.py"}
    assert {path: size for path, size in sizes.items() if size > MAX_FILE} == {}
    assert percentile(list(sizes.values()), 0.5) <= MEDIAN_FILE


def test_functions_are_short() -> None:
    sizes = {f"{path}:{node.lineno} {node.name}": length(node) for path in files() for node in functions(path)}
    assert {where: size for where, size in sizes.items() if size > MAX_FUNCTION} == {}
    assert percentile(list(sizes.values()), 0.9) <= P90_FUNCTION


def test_broad_excepts_say_why() -> None:
    """A broad except is for supervising a long-lived task; the comment on its line says which."""
    wrong = [
        f"{path}:{node.lineno}"
        for path in files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and "#" not in source(path).splitlines()[node.lineno - 1]
    ]
    assert wrong == []


def test_tests_use_fakes_and_not_mocks() -> None:
    paths = files("tests")
    tests = sum(node.name.startswith("test_") for path in paths for node in functions(path))
    mock = re.compile(r"\b(MagicMock|AsyncMock|mock\.patch|@patch|monkeypatch\.)")
    lines = sum(bool(mock.search(line)) for path in paths if "house" not in path for line in source(path).splitlines())
    assert lines <= 0.1 * tests


def test_tests_keep_pace_with_the_code() -> None:
    """About a line of test per line of code."""
    code = sum(source(path).count("\n") for path in files() if path != "theme/tokens.py")
    tests = sum(source(path).count("\n") for path in files("tests"))
    assert tests >= 0.6 * code
