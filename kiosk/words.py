"""Small wordings that several screens share: names, rooms, floors, waits. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from locales import plural, t
from protocol.nouns import Names, Room, WaitEstimate


@dataclass(frozen=True)
class Words:
    """Looks texts up in one language."""

    language: str

    def __call__(self, key: str) -> str:
        return t(key, self.language)

    def count(self, key: str, count: int) -> str:
        return plural(key, self.language, count)

    def name(self, names: Names) -> str:
        """In this language, else in Vietnamese, else in any there is."""
        return names.get(self.language) or names.get("vi") or next(iter(names.values()), "")

    def room(self, room: Room) -> str:
        return t("kiosk.room", self.language, room=room.number)

    def room_inside(self, room: Room) -> str:
        """As it stands inside a sentence."""
        return t("kiosk.room.inside", self.language, room=room.number)

    def floor(self, floor: int) -> str:
        if floor > 0:
            return t("kiosk.floor", self.language, floor=floor)
        return (
            t("kiosk.floor.ground", self.language)
            if floor == 0
            else t("kiosk.floor.basement", self.language, floor=-floor)
        )

    def place(self, room: Room) -> str:
        """Room and floor in one line, as in "Phòng 8, tầng 2"."""
        floor = self.floor(room.floor)
        return f"{self.room(room)}, {floor[:1].lower()}{floor[1:]}"


def wait_words(wait: WaitEstimate | None, language: str) -> str:
    """The interval in minutes, or nothing where nothing can be said."""
    if wait is None or wait.high_minutes is None:
        return ""
    if wait.high_minutes <= 0:
        return t("kiosk.wait.none", language)
    if not wait.low_minutes:
        return t("kiosk.wait.at_most", language, high=wait.high_minutes)
    if wait.low_minutes >= wait.high_minutes:
        return t("kiosk.wait.about", language, high=wait.high_minutes)
    return t("kiosk.wait.between", language, low=wait.low_minutes, high=wait.high_minutes)
