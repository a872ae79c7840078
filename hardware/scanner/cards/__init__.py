"""What a card means: bytes or text to a person or a named refusal. Pure, light, no device library."""

from hardware.scanner.cards.dates import age_on
from hardware.scanner.cards.documents import FIELDS
from hardware.scanner.cards.lines import read_lines
from hardware.scanner.cards.lone import Entry
from hardware.scanner.cards.mask import mask, masked_name
from hardware.scanner.cards.read import answer, read_card
from hardware.scanner.cards.refusal import Refusal, RefusalCode

__all__ = [
    "FIELDS",
    "Entry",
    "Refusal",
    "RefusalCode",
    "age_on",
    "answer",
    "mask",
    "masked_name",
    "read_card",
    "read_lines",
]
