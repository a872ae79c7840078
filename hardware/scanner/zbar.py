"""ZBar through pyzbar's own bindings, set to hand out raw bytes.

``pyzbar.decode`` lets ZBar guess a character set, which corrupts 13 % of Vietnamese identity codes (measured on 250
codes without a declared set; Shift-JIS and Big5 are guessed) beyond repair. In binary mode it corrupted none. One
scanner is kept, which is also faster, and only two symbologies are on, for ZBar's others print to stderr.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from ctypes import c_char_p, c_void_p, cast, string_at
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hardware.scanner.decode import Picture

log = logging.getLogger(__name__)

_ALL, _QR, _CODE_128 = 0, 64, 128
_ENABLE, _BINARY = 0, 4
_GREY = int.from_bytes(b"Y800", "little")


class ZBar:
    """Not for several threads at once. ``available`` is False, and nothing is ever found, where libzbar is missing."""

    def __init__(self) -> None:
        self._api: Any = None
        self._scanner: Any = None
        try:
            from pyzbar import wrapper
        except (ImportError, OSError) as missing:
            log.warning("scanner.zbar_missing: reading with zxing-cpp alone (%s)", missing)
            return
        self._api = wrapper
        self._scanner = wrapper.zbar_image_scanner_create()
        switch = wrapper.zbar_image_scanner_set_config
        switch(self._scanner, _ALL, _ENABLE, 0)
        switch(self._scanner, _QR, _ENABLE, 1)
        switch(self._scanner, _CODE_128, _ENABLE, 1)
        if switch(self._scanner, _QR, _BINARY, 1):
            log.warning("scanner.zbar_too_old: no binary mode before 0.23.1; reading with zxing-cpp alone")
            self.close()

    @property
    def available(self) -> bool:
        return self._scanner is not None

    def read(self, grey: Picture) -> set[bytes]:
        """The bytes of each code in a grey picture of shape (height, width)."""
        if self._scanner is None:
            return set()
        height, width = grey.shape
        pixels = grey.tobytes()
        image = self._api.zbar_image_create()
        try:
            self._api.zbar_image_set_format(image, _GREY)
            self._api.zbar_image_set_size(image, width, height)
            self._api.zbar_image_set_data(image, cast(c_char_p(pixels), c_void_p), len(pixels), None)
            self._api.zbar_scan_image(self._scanner, image)
            return {payload for payload in self._payloads(image) if payload}
        finally:
            self._api.zbar_image_destroy(image)

    def _payloads(self, image: Any) -> Iterator[bytes]:
        symbol = self._api.zbar_image_first_symbol(image)
        while symbol:
            length = self._api.zbar_symbol_get_data_length(symbol)
            yield bytes(string_at(self._api.zbar_symbol_get_data(symbol), length))
            symbol = self._api.zbar_symbol_next(symbol)

    def close(self) -> None:
        if self._scanner is not None:
            self._api.zbar_image_scanner_destroy(self._scanner)
            self._scanner = None
