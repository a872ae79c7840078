"""Where the record system is and which names it gives to things. All data: nothing about one EMR is compiled in.

The two presets are the identifier systems of the two Vietnamese guides that were found. They are rivals, neither is
law, and neither is official; a hospital agrees with its EMR's people which one is meant, or names its own.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr

SystemUri: TypeAlias = Annotated[
    str, Field(min_length=3, max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s|&#?]+$")
]
"""An identifier system: an absolute URI that can stand in a search condition as it is."""

SANDBOX = "sandbox:"
"""Address that means: the sandbox of this same server (`queue_server.emr.sandbox`)."""


class PersonSystems(BaseModel):
    """Identifier systems of a person's own numbers. The system must tell the numbers apart: since August 2025 an
    insurance number may be the citizen number itself (Decree 188/2025)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    citizen_number: SystemUri
    old_identity_card: SystemUri
    insurance_card: SystemUri


PRESETS: dict[str, PersonSystems] = {
    # "VN Core", community guide (Omi HealthTech, 0.1 to 0.10, 2026)
    "vn-core-community": PersonSystems(
        citizen_number="http://fhir.hl7.org.vn/core/sid/cccd",
        old_identity_card="http://fhir.hl7.org.vn/core/sid/cmnd",
        insurance_card="http://fhir.hl7.org.vn/core/sid/bhyt",
    ),
    # hl7vn/vn-core-ig, ministry IT department (draft 1.0.0, 2020-21)
    "vn-core-ehealth": PersonSystems(
        citizen_number="http://fhir.ehealth.gov.vn/core/sid/national_id",
        old_identity_card="http://fhir.ehealth.gov.vn/core/sid/citizen_id",
        insurance_card="http://fhir.ehealth.gov.vn/core/sid/insurance_number",
    ),
}


class OwnSystems(BaseModel):
    """Systems of the things that are born here. ``own_base`` belongs to the hospital: the default is the reserved
    example host, and a real installation must set its own before it goes live."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own_base: SystemUri = "https://kiosk.example.org/fhir"

    @property
    def visit(self) -> str:
        return f"{self.own_base}/sid/intake"

    @property
    def queue_ticket(self) -> str:
        return f"{self.own_base}/sid/queue-ticket"

    @property
    def payer(self) -> str:
        return f"{self.own_base}/sid/payer"

    @property
    def coverage_assurance(self) -> str:
        """Extension of Coverage, valueCode ``self-declared``: the card was shown, no insurer has confirmed it."""
        return f"{self.own_base}/StructureDefinition/coverage-assurance"

    @property
    def queue_status(self) -> str:
        return f"{self.own_base}/CodeSystem/queue-status"

    @property
    def queue_task(self) -> str:
        return f"{self.own_base}/CodeSystem/queue-task"


class Systems(BaseModel):
    """What the mapping needs to know about one record system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: PersonSystems
    own: OwnSystems
    task_intent: Literal["unknown", "proposal", "plan", "order"] = "order"
    """Some servers refuse all but ``unknown`` (measured: Medplum 5.1 with terminology validation)."""


class EmrSettings(BaseModel):
    """The EMR part of the server's settings (``DENLUOT_EMR__...``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    """Whether registered visits are told to a record system at all."""
    base_url: Annotated[str, Field(pattern=r"^(sandbox:|https?://[^\s?#]+)$")] = SANDBOX
    """FHIR R4 base address, without the resource type. ``sandbox:`` is the sandbox of this same server."""
    token: SecretStr | None = None
    """Bearer token sent to the EMR. The sandbox asks for the same one; without it, it makes one for this run."""
    preset: Literal["vn-core-community", "vn-core-ehealth"] = "vn-core-community"
    """Whose identifier systems stand for citizen and insurance numbers: one of two Vietnamese guides."""
    person_systems: PersonSystems | None = None
    """The hospital's own choice, instead of a preset."""
    own_base: SystemUri = "https://kiosk.example.org/fhir"
    """Base of the identifier systems of visits and tickets: the hospital's own address. Set it before going live."""
    task_intent: Literal["unknown", "proposal", "plan", "order"] = "order"
    """Intent of the queue entry's Task; some servers take only ``unknown``."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    """Seconds to reach the EMR."""
    read_timeout_s: float = Field(default=15.0, gt=0, le=120)
    """Seconds to wait for each part of its answer."""
    keep_payload_days: int = Field(default=7, ge=0, le=365)
    """Delivered messages lose their personal data after so many days; ids and times stay."""
    sandbox_enabled: bool = True
    """Whether this server offers the sandbox at ``/sandbox``."""
    sandbox_capacity: int = Field(default=2000, ge=10, le=100_000)
    """Transactions that the sandbox keeps (in memory; the oldest go first)."""

    def systems(self) -> Systems:
        return Systems(
            person=self.person_systems or PRESETS[self.preset],
            own=OwnSystems(own_base=self.own_base.rstrip("/")),
            task_intent=self.task_intent,
        )
