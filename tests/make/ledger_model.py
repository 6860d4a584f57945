"""What the ledger must come to, told with plain dicts: the model its state machine is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

REFUND_DAYS = 7
FOR_EVER = date.max


@dataclass
class Lot:
    """Points with one last day; `number` is the order in which lots were opened."""

    number: int
    last_day: date
    left: int
    event: str
    moved: bool = False


@dataclass
class Spent:
    """What an event took out of which lots and was not given back."""

    out: dict[int, int]
    points: int
    state: str = "open"

    @property
    def left(self) -> int:
        return sum(self.out.values())


@dataclass
class Purse:
    """One shopper's points in one currency."""

    lots: list[Lot] = field(default_factory=list)
    owed: int = 0
    held: int = 0

    def posted(self) -> int:
        return sum(lot.left for lot in self.lots)

    def spendable(self, today: date) -> int:
        return sum(lot.left for lot in self.lots if lot.last_day >= today)

    def earn(self, number: int, event: str, points: int, last_day: date) -> None:
        paid = min(points, self.owed)
        self.owed -= paid
        self.lots.append(Lot(number, last_day, points - paid, event))

    def take(self, points: int, today: date, first: str | None = None) -> dict[int, int]:
        """Take points, those of the event `first` before others, the earliest last day first."""
        taken = {}
        open_lots = [lot for lot in self.lots if lot.left and (lot.last_day >= today or lot.event == first)]
        for lot in sorted(open_lots, key=lambda lot: (lot.event != first, lot.last_day, lot.number)):
            if share := min(points, lot.left):
                lot.left -= share
                points -= share
                taken[lot.number] = share
        return taken

    def give_back(self, spent: Spent, points: int, today: date) -> None:
        """Give points back to the lots they came from, those that last longest first."""
        by_number = {lot.number: lot for lot in self.lots}
        lots = sorted((by_number[number] for number in spent.out), key=lambda lot: (lot.last_day, lot.number))
        for lot in reversed(lots):
            if share := min(points, spent.out[lot.number]):
                lot.left += share
                points -= share
                spent.out[lot.number] -= share
                if lot.last_day < today and not lot.moved:
                    lot.last_day, lot.moved = today + timedelta(days=REFUND_DAYS), True

    def expire(self, today: date) -> None:
        for lot in self.lots:
            if lot.last_day < today:
                lot.left = 0
