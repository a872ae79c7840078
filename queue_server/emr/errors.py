"""Errors of the EMR part, one small tree:

EmrError
    MappingFault       the bundle we made is not what FHIR R4 and our own rules ask: a fault of ours, not of the EMR
    TransactionRefused the sandbox refuses a transaction, with the status a FHIR server would answer
"""

from __future__ import annotations


class EmrError(Exception):
    """``code`` is stable; ``detail`` is for logs and holds no personal data."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class MappingFault(EmrError):
    """The message is not sent; it is parked with this code so that a person sees it."""


class TransactionRefused(EmrError):
    """``status`` is the HTTP status, ``code`` the FHIR issue code."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.status = status
