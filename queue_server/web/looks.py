"""Drawing a page: its language, its texts, its template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from locales import languages, load_catalogues, plural, t
from queue_server.api.errors import language_of

LANGUAGE_COOKIE = "denluot_language"
_YEAR_S = 365 * 86400
_FOLDER = Path(__file__).parent / "templates"
_OWN_NAMES = {"vi": "Tiếng Việt", "en": "English"}

environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_language(request: Request, default: str | None = None) -> str:
    """What the reader chose (``?lang=``, then the cookie), else `default`, else what the browser asks for."""
    known = languages()
    for wanted in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE), default):
        if wanted in known:
            return str(wanted)
    return language_of(request)


def texts_for_script(prefix: str, language: str) -> dict[str, str]:
    """Every text whose key starts with `prefix`, by the rest of its key: the page's script gets them as data."""
    found = load_catalogues_once()
    return {key[len(prefix) :]: t(key, language) for key in found if key.startswith(prefix)}


def load_catalogues_once() -> tuple[str, ...]:
    if not _KEYS:
        _KEYS.extend(sorted(load_catalogues().texts["vi"]))
    return tuple(_KEYS)


_KEYS: list[str] = []


def data_block(name: str, value: Any) -> Markup:
    """Data for the page's script. Not a script itself, so a strict policy lets it pass; ``<`` cannot end it early."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, Markup(text))  # noqa: S704


def in_language(names: dict[str, str], language: str) -> str:
    """A name in the reader's language, else in Vietnamese, else in any."""
    return names.get(language) or names.get("vi") or next(iter(names.values()), "")


def draw(request: Request, template: str, language: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page. Remembers the language when the reader just chose it."""
    page = environment.get_template(template).render(
        language=language,
        other_languages=[(tag, _OWN_NAMES.get(tag, tag)) for tag in languages() if tag != language],
        t=lambda key, **places: t(key, language, **places),
        plural=lambda key, count, **places: plural(key, language, count, **places),
        named=lambda names: in_language(names, language),
        data_block=data_block,
        here=request.url.path,
        **values,
    )
    response = HTMLResponse(page, status)
    if request.query_params.get("lang") == language:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_S, samesite="lax", httponly=True)
    return response
