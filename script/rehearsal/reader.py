"""A camera for machines that have none: an MJPEG stream on loopback, and a page to hold made-up cards to it.

The kiosk opens the stream with its ordinary camera driver; only the picture in it is made up.
"""

from __future__ import annotations

import html
import io
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from hardware.printer.fake import FakePrinter
from hardware.printer.paper import interpret
from script.rehearsal.cards import DemoCard, demo_cards, draw_card, scene

HELD_S = 4.0


class DemoReader:
    """Serves ``/stream`` (the camera), ``/`` (the cards), ``/hold?card=NAME`` (holds one for a few seconds) and
    ``/ticket.png`` (the newest ticket of the fake printer)."""

    def __init__(self, today: date, printer: FakePrinter, port: int = 0) -> None:
        import cv2

        self.cards = {card.name: card for card in demo_cards(today)}
        self._jpeg = {
            name: cv2.imencode(".jpg", scene(draw_card(card), 0, 1.5))[1].tobytes() for name, card in self.cards.items()
        }
        self._empty = cv2.imencode(".jpg", scene(None))[1].tobytes()
        self._printer = printer
        self._held: tuple[str, float] = ("", 0.0)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="demo-reader", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()

    def hold(self, name: str) -> None:
        self._held = (name, time.monotonic() + HELD_S)

    def frame(self) -> bytes:
        name, until = self._held
        return self._jpeg[name] if time.monotonic() < until else self._empty

    def ticket(self) -> bytes:
        """The newest printed ticket as PNG; empty when there is none yet."""
        slips = self._printer.slips
        if not slips:
            return b""
        picture = io.BytesIO()
        interpret(slips[-1]).picture().save(picture, "PNG")
        return picture.getvalue()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        reader = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlparse(self.path)
                if address.path == "/stream":
                    self._stream()
                elif address.path == "/hold":
                    name = parse_qs(address.query).get("card", [""])[0]
                    if name in reader.cards:
                        reader.hold(name)
                    self.send_response(303)
                    self.send_header("Location", "/")
                    self.end_headers()
                elif address.path == "/ticket.png":
                    self._answer("image/png", reader.ticket())
                else:
                    self._answer("text/html; charset=utf-8", _page(list(reader.cards.values())).encode())

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    while True:
                        picture = reader.frame()
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                        self.wfile.write(head.encode() + picture + b"\r\n")
                        time.sleep(0.1)
                except (BrokenPipeError, ConnectionResetError):
                    return

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing: a request a frame is no news."""

        return Handler


def _page(cards: list[DemoCard]) -> str:
    rows = "".join(
        f'<p><a href="/hold?card={html.escape(card.name)}">{html.escape(card.title)}: '
        f"{html.escape(', '.join(card.lines))}</a></p>"
        for card in cards
    )
    return (
        "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Cards</title>"
        "<style>body{font:20px/1.5 sans-serif;margin:2em;max-width:32em;color:#0F2A33;background:#F2F6F7}"
        "a{display:block;padding:.7em 1em;border:2px solid #005266;border-radius:10px;background:#fff;color:#005266}"
        f"</style><h1>Giơ thẻ vào đầu đọc<br><small>Hold a card to the reader</small></h1>{rows}"
        "<h2>Phiếu vừa in<br><small>Ticket just printed</small></h2><img src=/ticket.png alt='' width=288>"
        "<meta http-equiv=refresh content=3>"
    )
