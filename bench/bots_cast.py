"""Who uploads in the bot simulation: honest shoppers with honest oddities, and three kinds of cheats.

Invented people, drawn from a seed. Shares of habits are guesses on the unkind side: the more
families share phones and carriers share addresses, the harder cheats are to tell from them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

Kind = Literal["honest", "farm", "replayer", "ring"]
KINDS: Final[tuple[Kind, ...]] = ("honest", "farm", "replayer", "ring")

DAYS: Final = 30
HOMES: Final = (
    "TP. Hồ Chí Minh", "TP. Hồ Chí Minh", "Hà Nội", "Hà Nội", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Đồng Nai",
)  # fmt: skip
# Accounts in one household, from one to five.
HOUSEHOLD_WEIGHTS: Final = (35, 25, 20, 13, 7)
# Mobile carriers put everybody, cheats too, behind these few.
CARRIERS: Final = tuple(f"carrier-{network}.{host}" for network in range(4) for host in range(3))
FARM_ACCOUNTS, FARM_DEVICES = 200, 20
REPLAYERS, RING = 30, 15


@dataclass(slots=True)
class Account:
    """One account: when it joined, from where and with what it sends, where its points are paid out."""

    number: int
    kind: Kind
    joined_at: datetime
    home: str
    device: str
    address: str
    payout: str
    client: Literal["app", "script"] = "app"


@dataclass(frozen=True, slots=True)
class Upload:
    """One photograph sent. `paper` is what was bought; `photo` the picture, the same for a copied file."""

    at: datetime
    account: Account
    device: str
    address: str
    paper: int
    photo: str
    bought_at: datetime
    place: str
    number_read: bool = True


@dataclass(slots=True)
class Cast:
    """Everybody, and all that they send in the order of time."""

    rng: random.Random
    start: datetime
    accounts: list[Account] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    papers: int = 0

    def join(self, kind: Kind, joined_at: datetime, home: str, **values: str) -> Account:
        """Add one account."""
        number = len(self.accounts)
        given = {"device": f"phone-{number}", "address": f"line-{number}", "payout": f"wallet-{number}"}
        account = Account(number, kind, joined_at, home, **(given | values))  # type: ignore[arg-type]  # client is a str
        self.accounts.append(account)
        return account

    def send(self, account: Account, at: datetime, *, place: str | None = None, device: str = "") -> Upload:
        """Send a paper that nobody sent before, bought in the two days before."""
        self.papers += 1
        upload = Upload(
            at=at,
            account=account,
            device=device or account.device,
            address=self.rng.choice(CARRIERS) if self.rng.random() < 0.4 else account.address,
            paper=self.papers,
            photo=f"photo-{self.papers}",
            bought_at=at - timedelta(hours=self.rng.uniform(0.2, 48)),
            place=place or account.home,
        )
        self.uploads.append(upload)
        return upload

    def send_again(self, account: Account, at: datetime, first: Upload, *, same_file: bool) -> None:
        """Send a paper that somebody sent before, by the same file or by another photograph."""
        photo = first.photo if same_file else f"{first.photo}-again-{account.number}-{at.timestamp():.0f}"
        self.uploads.append(
            Upload(
                at=max(at, first.at + timedelta(minutes=5)),
                account=account,
                device=account.device,
                address=account.address,
                paper=first.paper,
                photo=photo,
                bought_at=first.bought_at,
                place=first.place,
                number_read=self.rng.random() < 0.7,
            )
        )


def draw_cast(seed: int, start: datetime, honest: int) -> Cast:
    """Draw everybody and what they send in 30 days."""
    cast = Cast(random.Random(seed), start)
    _draw_honest(cast, honest)
    shown = list(cast.uploads)
    _draw_farm(cast)
    _draw_replayers(cast, shown)
    _draw_ring(cast)
    cast.uploads.sort(key=lambda upload: upload.at)
    return cast


def _draw_honest(cast: Cast, honest: int) -> None:
    rng, household = cast.rng, 0
    while len(cast.accounts) < honest:
        household += 1
        members = rng.choices((1, 2, 3, 4, 5), HOUSEHOLD_WEIGHTS)[0]
        home, one_phone, one_wallet = rng.choice(HOMES), rng.random() < 0.2, rng.random() < 0.4
        for _ in range(min(members, honest - len(cast.accounts))):
            # Four in ten join while the programme runs, most of them when it is advertised.
            late = DAYS * rng.random() ** 2 if rng.random() < 0.4 else -rng.uniform(0, 60)
            values = {"address": f"home-{household}"}
            if one_phone or rng.random() < 0.05:
                values["device"] = f"family-phone-{household}"
            if one_wallet:
                values["payout"] = f"family-wallet-{household}"
            account = cast.join("honest", cast.start + timedelta(days=late), home, **values)
            for at in _honest_times(cast, account):
                # A couple may share an account while one of them travels.
                away = rng.choice(HOMES) if rng.random() < 0.02 else None
                cast.send(account, at, place=away)


def _honest_times(cast: Cast, account: Account) -> Iterator[datetime]:
    rng, end = cast.rng, cast.start + timedelta(days=DAYS)
    begun = max(account.joined_at, cast.start)
    a_week = rng.gammavariate(1.5, 1.4)
    habit = rng.random()
    if habit < 0.15:  # A week's receipts in one evening, one photograph after another.
        at = begun + timedelta(days=rng.uniform(0, 7))
        while at < end:
            evening = at
            for _ in range(max(1, round(a_week * rng.uniform(0.7, 2)))):
                evening += timedelta(seconds=15 + rng.lognormvariate(3, 0.6))
                yield evening
            at += timedelta(days=7)
    elif habit < 0.2:  # Every evening at eight.
        day = begun.replace(hour=13, minute=0)
        while day < end:
            if day > begun:
                yield day + timedelta(seconds=rng.gauss(0, 90))
            day += timedelta(days=1)
    else:
        at = begun
        while (at := at + timedelta(days=rng.expovariate(max(a_week, 0.2) / 7))) < end:
            # 7 in the morning to 11 at night, Vietnam's time.
            yield max(begun, at.replace(hour=rng.randrange(0, 16), minute=rng.randrange(60)))


def _draw_farm(cast: Cast) -> None:
    """Draw a room of phones that a program steps through account by account, papers bought in bulk."""
    rng = cast.rng
    per_device = FARM_ACCOUNTS // FARM_DEVICES
    for device in range(FARM_DEVICES):
        opened = cast.start + timedelta(days=rng.uniform(1, 5))
        accounts = [
            cast.join(
                "farm",
                opened + timedelta(minutes=7 * number + rng.uniform(0, 3)),
                rng.choice(HOMES),
                device=f"farm-phone-{device}",
                address=f"farm-line-{device % 5}",
                payout=f"farm-wallet-{(device * per_device + number) // 20}",
                client="script" if device % 5 == 0 else "app",
            )
            for number in range(per_device)
        ]
        sent: list[Upload] = []
        # A night's work is one receipt an account; how evenly it is paced differs by phone.
        pause, jitter = rng.uniform(90, 400), rng.uniform(0.02, 0.3)
        for night in range(9):
            at = opened + timedelta(days=1 + 3 * night + rng.uniform(-0.1, 0.1))
            for account in accounts:
                at += timedelta(seconds=pause * max(0.2, rng.gauss(1, jitter)))
                if at > cast.start + timedelta(days=DAYS):
                    break
                if sent and rng.random() < 0.3:
                    cast.send_again(account, at, rng.choice(sent), same_file=rng.random() < 0.3)
                else:
                    sent.append(cast.send(account, at, place=rng.choice(HOMES)))


def _draw_replayers(cast: Cast, shown: list[Upload]) -> None:
    """Draw people who send others' receipts, found in groups where they are shared."""
    rng = cast.rng
    for _ in range(REPLAYERS):
        account = cast.join("replayer", cast.start + timedelta(days=rng.uniform(0, 10)), rng.choice(HOMES))
        for first in rng.sample([upload for upload in shown if upload.at > account.joined_at], 6):
            at = first.at + timedelta(hours=rng.uniform(1, 72))
            if at < cast.start + timedelta(days=DAYS):
                cast.send_again(account, at, first, same_file=rng.random() < 0.4)


def _draw_ring(cast: Cast) -> None:
    """Draw friends who collect papers at the exits of shops: own phones, human hours, few receipts.

    What they share: three wallets, each below what a family may have, and now and then a phone.
    """
    rng = cast.rng
    home = rng.choice(HOMES)
    ring = [
        cast.join(
            "ring", cast.start - timedelta(days=rng.uniform(0, 20)), home, payout=f"ring-wallet-{number % 3}"
        )
        for number in range(RING)
    ]
    sent: list[Upload] = []
    for account in ring:
        at = cast.start
        while (at := at + timedelta(days=rng.expovariate(2 / 7))) < cast.start + timedelta(days=DAYS):
            moment = at.replace(hour=rng.randrange(0, 16), minute=rng.randrange(60))
            if sent and rng.random() < 0.15:
                cast.send_again(account, moment, rng.choice(sent), same_file=False)
            else:
                phone = rng.choice(ring).device if rng.random() < 0.06 else ""
                sent.append(cast.send(account, moment, device=phone))
