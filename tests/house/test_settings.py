"""Every setting is documented, in the code and on the page that is made from it."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from tests.house.settings_page import PAGE, PROGRAMS, page, rows
from tests.house.tree import files, source


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.house.settings_page"


@pytest.mark.parametrize(("title", "prefix", "model"), PROGRAMS)
def test_every_setting_says_what_it_does(title: str, prefix: str, model: type[BaseModel]) -> None:
    assert [name for name, _, text in rows(prefix, model) if not text] == [], title


@pytest.mark.parametrize(("title", "prefix", "model"), PROGRAMS)
def test_every_setting_is_read_somewhere(title: str, prefix: str, model: type[BaseModel]) -> None:
    """`log_json` of the kiosk was documented and did nothing."""
    package = model.__module__.split(".")[0]
    code = "\n".join(source(path) for path in files(package, "protocol"))
    unread = [name for name in model.model_fields if not re.search(rf"(settings|self|config)\w*\.{name}\b", code)]
    assert unread == [], title
