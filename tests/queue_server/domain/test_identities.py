"""What stays known of a person when another of their documents is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.nouns import Birth, Identity
from queue_server.domain.identities import Known, merged

CARD = Known(
    Identity(
        document="can_cuoc_new",
        personal_id="001051000017",
        full_name="Trần Thị Mẫu",
        birth=Birth(value="1951-01-05", precision="day"),
        address="12 Đường Mẫu",
        issue_date="2024-08-01",
    ),
    "scan",
)
INSURED = Identity(
    document="bhyt_15",
    card_no="DN4010123456790",
    object_group="DN",
    full_name="Trần Thị Mẫu",
    birth=Birth(value="1951", precision="year"),
    valid_to="2025-12-31",
)
NUMBER = Identity(document="typed_personal_id", personal_id="001051000017", warnings=("number_only",))


@pytest.mark.parametrize("entered_by", ["scan", "typed"])
def test_a_lone_number_takes_nothing_away_and_adds_the_numbers_it_tells(entered_by: Any) -> None:
    assert merged(CARD, Known(NUMBER, entered_by)) == CARD
    insurance = Known(Identity(document="typed_bhyt_15", card_no="DN4010123456790", object_group="DN"), entered_by)
    both = merged(CARD, insurance)
    assert (both.identity.card_no, both.identity.object_group) == ("DN4010123456790", "DN")
    assert (both.identity.full_name, both.identity.document, both.entered_by) == (
        "Trần Thị Mẫu",
        "can_cuoc_new",
        "scan",
    )
    other = Known(insurance.identity.model_copy(update={"card_no": "HN4010123456790"}), entered_by)
    assert merged(both, other) == both


def test_a_card_after_a_number_or_typed_words_tells_all_that_counts() -> None:
    typed = Known(INSURED.model_copy(update={"full_name": "Kẻ Khác", "address": "nơi khác"}), "typed")
    card = Known(CARD.identity.model_copy(update={"birth": None, "address": None}), "scan")
    known = merged(typed, card)
    assert known.identity == card.identity.model_copy(
        update={"card_no": "DN4010123456790", "object_group": "DN", "valid_to": "2025-12-31"}
    )
    assert known.card_birth is None  # the typed date has not become a proven one
    assert merged(Known(NUMBER, "typed"), CARD) == CARD
    assert merged(typed, Known(INSURED, "typed")).identity.full_name == "Trần Thị Mẫu"


def test_of_two_cards_the_newer_wins_field_by_field() -> None:
    known = merged(CARD, Known(INSURED.model_copy(update={"full_name": "Trần Thị Mẫu Mới"}), "scan"))
    assert (known.identity.document, known.identity.full_name) == ("bhyt_15", "Trần Thị Mẫu Mới")
    assert (known.identity.personal_id, known.identity.address) == ("001051000017", "12 Đường Mẫu")
    assert known.card_birth == CARD.identity.birth  # to the day, although this card tells the year only
    assert known.identity.issue_date is None
    corrected = CARD.identity.model_copy(update={"birth": Birth(value="1952", precision="year")})
    assert merged(known, Known(corrected, "scan")).card_birth == corrected.birth


def test_a_new_insurance_card_does_not_inherit_the_dates_of_the_old_one() -> None:
    renewed = Identity(document="bhyt_10", card_no="0123456790", valid_from="2026-01-01")
    known = merged(Known(INSURED, "scan"), Known(renewed, "scan")).identity
    assert (known.card_no, known.valid_from, known.valid_to, known.object_group) == (
        "0123456790", "2026-01-01", None, None,
    )  # fmt: skip
    assert known.full_name == "Trần Thị Mẫu"


PEOPLE = st.builds(
    Known,
    st.builds(
        Identity,
        document=st.sampled_from(("can_cuoc_new", "bhyt_15", "typed_personal_id", "typed_bhyt_15")),
        personal_id=st.sampled_from((None, "1")),
        card_no=st.sampled_from((None, "2", "3")),
        full_name=st.sampled_from((None, "a", "b")),
        birth=st.sampled_from((None, CARD.identity.birth, INSURED.birth)),
    ),
    st.sampled_from(("scan", "typed")),
)


@given(PEOPLE, PEOPLE)
def test_no_number_is_forgotten_and_shown_twice_is_shown_once(known: Known, said: Known) -> None:
    together = merged(known, said)
    for name in ("personal_id", "card_no"):
        told = [getattr(one.identity, name) for one in (known, said)]
        assert (getattr(together.identity, name) is None) == (told == [None, None])
    assert merged(together, said) == together
    if known.card_birth:
        assert together.card_birth
