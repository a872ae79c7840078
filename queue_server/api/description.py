"""The description of the API at ``/docs``, from files of our own: hospitals have no internet."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse

from queue_server.auth.deps import open_to_all

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Đến Lượt: API</title>
<link rel="stylesheet" href="/static/swagger/swagger-ui.css">
<script src="/static/swagger/swagger-ui-bundle.js" defer></script>
<script src="/static/swagger/start.js" defer></script>
</head>
<body><main id="api"></main></body>
</html>
"""
# The library sets styles on its elements; nothing else on this page is looser than elsewhere.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@router.get("/docs", dependencies=[Depends(open_to_all("describes the programs, tells nothing of the hospital"))])
def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})
