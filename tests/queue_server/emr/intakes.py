"""Intakes of all kinds that the tests tell the EMR about. All people and numbers are made up."""

from __future__ import annotations

from datetime import UTC, datetime

from protocol.nouns import Birth, Entry, Identity, Intake, Priority, Service, Site
from queue_server.emr.mapping import RegisteredVisit
from queue_server.emr.settings import EmrSettings

SYSTEMS = EmrSettings().systems()
ISSUED = datetime(2026, 11, 21, 1, 15, 30, 123456, tzinfo=UTC)
SITE = Site(site_id="main", names={"vi": "Bệnh viện Đa khoa Mẫu", "en": "Sample General Hospital"})
GENERAL = Service(service_id="noi-tong-quat", names={"vi": "Khám nội tổng quát", "en": "General internal medicine"})

CARD = Identity(
    document="can_cuoc_new",
    personal_id="001199000124",
    old_cmnd="012000001",
    full_name="Nguyễn Thị Thử Nghiệm",
    birth=Birth(value="1999-04-12", precision="day"),
    gender="female",
    address="12 Đường Mẫu, Phường Thử, Hà Nội",
)
INSURED = Identity(
    document="bhyt_15",
    card_no="DN4010123456790",
    object_group="DN",
    bhxh_code="0123456790",
    full_name="Trần Văn Mẫu",
    birth=Birth(value="1958", precision="year"),
    gender="male",
    valid_from="2026-01-01",
    valid_to="2026-12-31",
)
INTAKES: dict[str, Identity] = {
    "citizen card": CARD,
    "insurance card of 15": INSURED,
    "insurance card of 10, no end": INSURED.model_copy(
        update={"document": "bhyt_10", "card_no": "0100000022", "object_group": None, "valid_to": None}
    ),
    "insurance number that is the citizen number": INSURED.model_copy(
        update={"document": "bhyt_12", "card_no": "001199000124", "personal_id": "001199000124", "object_group": None}
    ),
    "month of birth only": CARD.model_copy(update={"birth": Birth(value="1952-07", precision="month")}),
    "child": CARD.model_copy(
        update={"personal_id": "001323000017", "birth": Birth(value="2023-02-03", precision="day"), "gender": "unknown"}
    ),
    "typed citizen number": Identity(document="typed_personal_id", personal_id="001090000017"),
    "typed insurance number": Identity(document="typed_bhyt_15", card_no="DN4010100000011", object_group="DN"),
    "typed old number": Identity(document="typed_cmnd", old_cmnd="012000001", warnings=("legacy_identifier",)),
    "typed ambiguous number": Identity(
        document="typed_10_digits", digits="0100000022", warnings=("ambiguous_identifier",)
    ),
    "longest name": CARD.model_copy(update={"full_name": " ".join(["Nguyễn", *["Thưởng"] * 60])}),
    "one word": CARD.model_copy(update={"full_name": "Suối"}),
    "emoji": CARD.model_copy(update={"full_name": "Nguyễn 👩‍⚕️ Vui", "address": "🏠 Phố Mẫu"}),
    "control characters": CARD.model_copy(
        update={"full_name": "  Ngô\x00\x1b[2J\u202e\tThị\n\x85Mẫu ", "address": "\x07\x01"}
    ),
    "decomposed letters": CARD.model_copy(update={"full_name": "Nguye\u0302\u0303n Thu\u031b\u0309"}),
    "half of a character": CARD.model_copy(update={"full_name": "Lê \ud83d Mẫu"}),
    "broken number": Identity(
        document="can_cuoc_new",
        personal_id="00119900012x",
        card_no="DN4010123456790",
        full_name="Lê Mẫu",
    ),
}


def a_visit(
    identity: Identity = CARD, visit_id: str = "visit-1", number: str = "A018", entered_by: str = "scan"
) -> RegisteredVisit:
    entry = Entry(
        entry_id=f"{visit_id}-entry",
        ticket_id=f"{visit_id}-ticket",
        number=number,
        service_id=GENERAL.service_id,
        room_id="room-5",
        priority=Priority(),
        state="waiting",
        version=1,
        issued_at=ISSUED,
    )
    intake = Intake.model_validate({"identity": identity, "entered_by": entered_by})
    return RegisteredVisit(
        visit_id=visit_id, intake=intake, entry=entry, service=GENERAL, room_number="5",
        business_day="2026-11-21", site=SITE,
    )  # fmt: skip
