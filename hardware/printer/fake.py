"""A complete printer on a TCP port of this machine, which misbehaves on request. For demonstrations and tests."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from hardware.printer.fake_head import FakeHead, Fault, PowerCut

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FakePrinter:
    """Speaks ESC/POS on ``127.0.0.1:port``, with one connection at a time, as real printers do.

    >>> printer = FakePrinter()
    >>> printer.start()
    >>> printer.misbehave("paper_out")
    >>> printer.address.startswith("tcp:127.0.0.1:")
    True
    >>> printer.stop()
    """

    def __init__(self) -> None:
        self._head = FakeHead()
        self._lock = threading.Condition()
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def port(self) -> int:
        return self._port

    @property
    def address(self) -> str:
        return f"tcp:127.0.0.1:{self._port}"

    @property
    def slips(self) -> list[bytes]:
        """Bytes of each slip that came out whole, the oldest first."""
        with self._lock:
            return list(self._head.slips)

    def wait_for(self, slips: int, within_s: float) -> None:
        """Until so many slips came out: who only sends is done before they are. Raises TimeoutError."""
        with self._lock:
            if not self._lock.wait_for(lambda: len(self._head.slips) >= slips, within_s):
                raise TimeoutError(f"{len(self._head.slips)} of {slips} slips came out")

    @property
    def torn(self) -> list[bytes]:
        """Bytes of each slip that came only in part."""
        with self._lock:
            return list(self._head.torn)

    def start(self) -> None:
        """Listen on a free port, or, started again, on the same one."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._thread = threading.Thread(target=self._run, args=(listener,), name="fake-printer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hang up, stop listening, and wait until that is done."""
        listener, self._listener = self._listener, None
        with self._lock:
            for open_socket in (self._connection, listener):
                if open_socket is not None:
                    with contextlib.suppress(OSError):
                        open_socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def misbehave(self, fault: Fault) -> None:
        """From now on; ``behave`` ends it."""
        with self._lock:
            self._head.fault = fault
        if fault == "refuse":
            self.stop()
        elif self._listener is None:
            self.start()

    def behave(self) -> None:
        self.misbehave("none")

    def _run(self, listener: socket.socket) -> None:
        with listener:
            while self._listener is listener:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    with self._lock:
                        self._connection = connection if self._listener is listener else None
                    if self._connection is not None:
                        self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(4096):
                with self._lock:
                    answers = self._head.feed(data)
                    self._lock.notify_all()
                if answers:
                    connection.sendall(answers)
        except PowerCut:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        except OSError:
            pass  # the other side hung up without a word
        finally:
            with self._lock:
                self._head.hang_up()
                self._connection = None
                self._lock.notify_all()
