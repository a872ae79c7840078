"""How bytes reach a printer: python-escpos' network, serial, USB and file drivers behind one small face.

Everything here blocks, for no longer than it is allowed to; the driver calls it in a thread.
"""

from __future__ import annotations

import errno
import os
import socket
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from hardware.errors import DeviceAway, DeviceError, DeviceFault
from hardware.printer.library import not_found, printers

CONNECT_S = 2.0


class Wire(Protocol):
    """An open connection. Raises DeviceAway ``unplugged`` or ``no_answer``, DeviceFault ``not_permitted``."""

    can_ask: bool

    def send(self, data: bytes, limit_s: float) -> None: ...

    def read(self, limit_s: float) -> bytes:
        """What came, at most some bytes; nothing when nothing came in time."""
        ...

    def close(self) -> None: ...


Dial = Callable[[], Wire]


@contextmanager
def _named_errors(where: str) -> Iterator[None]:
    """Turn what the libraries raise (all of them kinds of OSError) into named errors."""
    try:
        yield
    except TimeoutError as error:
        raise DeviceAway("no_answer", where) from error
    except OSError as error:
        raise _of_errno(error, where) from error
    except termios.error as error:
        raise DeviceAway("unplugged", where) from error


def _of_errno(error: BaseException | None, where: str) -> DeviceError:
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return DeviceFault("not_permitted", where)
    if number in (errno.ETIMEDOUT, errno.EAGAIN) or "Timeout" in type(error).__name__:
        return DeviceAway("no_answer", where)
    return DeviceAway("unplugged", where)


def _opened(printer: Any, where: str) -> Any:
    with _named_errors(where):
        try:
            printer.open()
        except not_found() as error:
            raise _of_errno(error.__context__, where) from error
    return printer


class NetworkWire:
    """A printer's raw port. The socket is ours, so that it may be IPv6 and is closed when connecting fails."""

    can_ask = True

    def __init__(self, host: str, port: int) -> None:
        self._where = f"tcp:{host}:{port}"
        try:
            connection = socket.create_connection((host, port), timeout=CONNECT_S)
        except OSError as error:
            raise DeviceAway("no_answer", f"{self._where}: {error}") from error
        self._printer = printers().Network(host, port=port, timeout=CONNECT_S)
        self._printer.device = connection

    def send(self, data: bytes, limit_s: float) -> None:
        with _named_errors(self._where):
            self._printer.device.settimeout(limit_s)
            self._printer._raw(data)

    def read(self, limit_s: float) -> bytes:
        with _named_errors(self._where):
            self._printer.device.settimeout(limit_s)
            try:
                came = bytes(self._printer._read())
            except TimeoutError:
                return b""
        if not came:
            raise DeviceAway("unplugged", f"{self._where} hung up")
        return came

    def close(self) -> None:
        self._printer.close()


class SerialWire:
    """A serial or USB-CDC printer."""

    can_ask = True

    def __init__(self, device: str, baud: int) -> None:
        self._where = f"serial:{device}"
        printer = printers().Serial(devfile=device, baudrate=baud, timeout=CONNECT_S)
        self._printer = _opened(printer, self._where)

    def send(self, data: bytes, limit_s: float) -> None:
        with _named_errors(self._where):
            self._printer.device.write_timeout = limit_s
            self._printer._raw(data)

    def read(self, limit_s: float) -> bytes:
        # The library's own read waits until 16 bytes are there or the time is up.
        with _named_errors(self._where):
            self._printer.device.timeout = limit_s
            return bytes(self._printer.device.read(max(1, self._printer.device.in_waiting)))

    def close(self) -> None:
        try:
            self._printer.close()
        except (OSError, termios.error):
            # The port is gone: nothing is left to close but our own end of it.
            self._printer.device = False


class UsbWire:
    """A USB printer, by vendor and product; its endpoints are read from the printer unless they are given."""

    can_ask = True

    def __init__(self, vendor: int, product: int, in_ep: int | None, out_ep: int | None) -> None:
        self._where = f"usb:{vendor:04x}:{product:04x}"
        library = printers()
        inward, outward = self._endpoints(vendor, product)
        self._in = in_ep or inward
        printer = library.Usb(vendor, product, in_ep=self._in, out_ep=out_ep or outward)
        self._printer = _opened(printer, self._where)

    def _endpoints(self, vendor: int, product: int) -> tuple[int, int]:
        import usb.core

        with _named_errors(self._where):
            try:
                device = usb.core.find(idVendor=vendor, idProduct=product)
            except usb.core.NoBackendError as error:
                raise DeviceFault("no_usb_library", "libusb 1.0 is not installed") from error
            if device is None:
                raise DeviceAway("unplugged", self._where)
            return printer_endpoints(device)

    def send(self, data: bytes, limit_s: float) -> None:
        with _named_errors(self._where):
            self._printer.timeout = round(limit_s * 1000)
            self._printer._raw(data)

    def read(self, limit_s: float) -> bytes:
        try:
            with _named_errors(self._where):
                return bytes(self._printer.device.read(self._in, 64, max(1, round(limit_s * 1000))))
        except DeviceAway as error:
            if error.code == "no_answer":
                return b""
            raise

    def close(self) -> None:
        self._printer.close()


def printer_endpoints(device: Any) -> tuple[int, int]:
    """The in and out endpoint of the first printer interface (class 7), as a USB device's descriptors tell; the usual
    ones (0x82, 0x01) where they tell none."""
    for configuration in device:
        for interface in configuration:
            if interface.bInterfaceClass == 7:
                addresses = [endpoint.bEndpointAddress for endpoint in interface]
                inward = next((address for address in addresses if address & 0x80), 0x82)
                outward = next((address for address in addresses if not address & 0x80), 0x01)
                return inward, outward
    return 0x82, 0x01


class FileWire:
    """A device file such as ``/dev/usb/lp0``, which can only be written. A plain file holds the newest slip."""

    can_ask = False

    def __init__(self, path: str) -> None:
        self._where = f"file:{path}"
        self._printer = _opened(printers().File(path), self._where)

    def send(self, data: bytes, limit_s: float) -> None:
        del limit_s  # a file takes what it is given
        with _named_errors(self._where):
            self._printer._raw(data)

    def read(self, limit_s: float) -> bytes:
        del limit_s
        return b""

    def close(self) -> None:
        with _named_errors(self._where):
            self._printer.close()


def file_ready(path: str) -> None:
    """Raises as opening `path` would, without emptying it."""
    file = Path(path)
    if not (file.exists() or file.parent.is_dir()):
        raise DeviceAway("unplugged", f"file:{path}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise DeviceFault("not_permitted", f"file:{path}")
