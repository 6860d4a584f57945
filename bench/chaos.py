"""What survives: parts are killed and services fail while shoppers and partners go on; then all is counted.

Clients ask as apps and partners' systems do: under a key, again until they are answered. At the end every
receipt that was accepted must have ended, once, as it would have ended in peace, and the books of
bench/chaos_books.py must be right. A picture that itself kills its readers is another matter, so attempts are
not limited here.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from sqlmodel import Session

import samples
from bench.chaos_books import Kept, look_at_books, tell_the_rest, what_lasted
from bench.chaos_clients import WAITING_MAX, Decided, Uploads, Wire, waiting, working
from bench.chaos_clock import Clock
from bench.chaos_count import count_ends, ends_in_peace
from bench.chaos_faults import DOWN_SECONDS, KILLS, SERVICES, Part, Scene, left_out, make_fault
from bench.chaos_stage import set_up
from bench.chaos_trade import Buys, Orders
from bench.failing import serving
from bench.failing_receiver import FailingReceiver
from bench.failing_store import CREDENTIALS, URL, FailingStore
from bench.services import machine, own_services
from infra.db import engine, transaction
from infra.processes import LOOPBACK, free_port, wait_until_ready
from infra.settings import override_settings, settings
from schemas.receipts import WAITING_STATUSES

UPLOADERS, TELLERS, BUYERS = 2, 1, 2
READY_SECONDS: Final = 600.0
LOOK_AGAIN_SECONDS: Final = 0.5
# So many papers are sent, fewer where faults are few: the end is no hour of reading.
PAPERS_MAX: Final = 8
PAPERS_MIN: Final = 2
# Fewer than one upload for so many faults, and most faults hit nobody.
FAULTS_PER_UPLOAD_MAX: Final = 2
QUICK: Final = {
    "ring_again_seconds": 3,
    "ring_interval_seconds": 1,
    "read_attempts_max": 10_000,
    "storage_timeout_seconds": 3,
    "insight_feed_seconds": 2,
    # The receiver listens on this machine, where webhooks go to nobody unless settings say so.
    "outbound_networks": f"{LOOPBACK}/32",
}
KILLED_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class ChaosFigures:
    """What was done and what came of it.

    `valid` says that it means something; what speaks against it is in `invalid_because`. `left_out` are the
    kinds of faults that the machine can't do, and what it lacks for them. `lost` were
    accepted and never ended; `doubled` were paid or kept twice; `ended_wrongly` ended otherwise than in
    peace, by a fault of ours, or were refused for good; `amiss` counts by book what is not as it should be.
    Each has a sentence in `wrong`. `decided` have ended by any status. `again` counts the tries that
    requests took beyond their first, `refused` the refusals by what was said. `done` counts what else
    clients had done and were told of: orders, returns, vouchers bought, tries that were told sold out; and
    events that the receiver took, of which `told_again` more than once.
    """

    valid: bool
    invalid_because: list[str]
    seed: int
    seconds: float
    faults: dict[str, int]
    left_out: list[str]
    accepted: int
    again: int
    refused: dict[str, int]
    decided: int
    ended: dict[str, int]
    done: dict[str, int]
    lost: int
    doubled: int
    ended_wrongly: int
    amiss: dict[str, int]
    wrong: list[str]
    machine: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Play:
    """All that is on: what is running, what is to be had, and who sends, tells and buys."""

    scene: Scene
    wire: Wire
    uploads: Uploads
    kept: Kept


def measure(
    faults: int,
    seed: int,
    *,
    seconds_max: float,
    patience_seconds: float,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Do so many faults while shoppers send and buy, let all end, and count.

    Args:
        faults: In all; at least every kind once where there are that many.
        seed: Which faults come when. What they hit is up to the machine.
        seconds_max: No fault is begun so long after the first upload.
        patience_seconds: Once for so long no receipt has ended, what still waits is lost.
        say: Told each fault as it is done.
    """
    started = time.monotonic()
    papers = min(PAPERS_MAX, max(PAPERS_MIN, faults // 2))
    photos = [path.read_bytes() for path in sorted(samples.photos_dir().glob("0[1-8]*.jpg"))[:papers]]
    asked, done = schedule(faults, seed), Counter[str]()
    with _play(random.Random(seed), photos, faults) as play:
        peace = ends_in_peace(photos)
        kept = play.kept
        at_work = [(play.uploads.send, UPLOADERS), (kept.orders.tell, TELLERS), (kept.buys.take, BUYERS)]
        with working(play.wire, at_work):
            end = time.monotonic() + seconds_max
            for fault in asked:
                time.sleep(play.scene.draw.uniform(*DOWN_SECONDS))
                if time.monotonic() > end:
                    break
                if say is not None:
                    say(fault)
                done[fault] += make_fault(play.scene, fault)
        _drain(patience_seconds)
        tell_the_rest(kept)
        uploads, unanswered = len(play.uploads.ids), len(play.wire.unanswered)
        against = why_invalid(asked, done, uploads, unanswered) + _what_lasted(kept)
        figures = _figures(play, peace, against, seed=seed, faults=dict(done), started=started)
    return asdict(figures)


def _figures(
    play: _Play,
    peace: Sequence[str],
    against: list[str],
    *,
    seed: int,
    faults: dict[str, int],
    started: float,
) -> ChaosFigures:
    """Count all that stands, and hold it against what clients were told."""
    uploads, wire = play.uploads, play.wire
    ends = count_ends(uploads.ids, peace, papers=len(uploads.photos))
    books = look_at_books(play.kept)
    return ChaosFigures(
        valid=not against,
        invalid_because=against,
        seed=seed,
        seconds=round(time.monotonic() - started, 1),
        faults=faults,
        left_out=left_out(),
        accepted=len(uploads.ids),
        again=wire.again,
        refused=dict(wire.refused),
        decided=sum(count for status, count in ends.by_status.items() if status not in WAITING_STATUSES),
        ended=ends.by_status,
        done=_done(play.kept),
        lost=ends.lost,
        doubled=ends.doubled,
        ended_wrongly=ends.wrongly + len(wire.turned_away),
        amiss={name: len(said) for name, said in books.items()},
        wrong=[
            *ends.said,
            *(f"{what} was refused: {said}" for what, said in wire.turned_away.items()),
            *(sentence for said in books.values() for sentence in said),
        ],
        machine=dict(machine()),
    )


def _what_lasted(kept: Kept) -> list[str]:
    with Session(engine()) as session:
        return what_lasted(session, kept)


def _done(kept: Kept) -> dict[str, int]:
    told, taken = kept.buys.told.values(), kept.receiver.taken
    states = Counter(one.state for one in told)
    bought = sum(one.voucher_id is not None for one in told)
    return {
        "orders": len(kept.orders.ids),
        "returns": len(kept.orders.returned),
        "bought": bought,
        "sold_out": len(told) - bought,
        "used": states["used"],
        "cancelled": states["cancelled"],
        "events_taken": len(taken),
        "told_again": sum(count > 1 for count in taken.values()),
    }


def why_invalid(asked: Sequence[str], done: Counter[str], accepted: int, unanswered: int = 0) -> list[str]:
    """Return what keeps a run from meaning anything, a sentence each; nothing where it does.

    Args:
        asked: The faults that were to be done.
        done: Those that were, by kind.
        accepted: Uploads that were accepted.
        unanswered: Requests of which nobody knows whether they did what they should.
    """
    against = []
    if missing := Counter(asked) - done:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(missing.items()))
        against.append(f"{missing.total()} of {len(asked)} faults were not done: {kinds}")
    if accepted * FAULTS_PER_UPLOAD_MAX < max(1, done.total()):
        against.append(f"{accepted} uploads were accepted, too few for {done.total()} faults")
    if unanswered:
        against.append(f"{unanswered} requests were never answered")
    return against


def schedule(faults: int, seed: int) -> list[str]:
    """Return the faults in order: every kind that can be done once if there is room, then mostly kills."""
    draw = random.Random(seed)
    kinds = [*KILLS, *SERVICES]
    chosen = draw.sample(kinds, min(faults, len(kinds)))
    while len(chosen) < faults:
        chosen.append(draw.choice(KILLS if draw.random() < KILLED_SHARE else SERVICES))
    draw.shuffle(chosen)
    return chosen


@contextmanager
def _play(draw: random.Random, photos: Sequence[bytes], faults: int) -> Generator[_Play]:
    """Start everything, set up what is to be had, and have nobody come yet."""
    with (
        own_services(),
        serving(FailingStore()) as store,
        serving(FailingReceiver()) as receiver,
        ExitStack() as stack,
    ):
        os.environ.update(CREDENTIALS)  # noqa: TID251 - the store's own variables, for the processes started here
        folder, port = settings().data_dir, free_port()
        # The insight process is a service of its own: an API that is killed does not take it along.
        feed = f"unix://{folder / 'insight.socket'}"
        override_settings(storage_url=URL, storage_endpoint=store.endpoint, insight_url=feed, **QUICK)
        with transaction() as session:
            stage = set_up(session, faults, receiver.endpoint)
        receiver.secret = stage.endpoint_secret
        api = _part(stack, folder, "serve", "--host", LOOPBACK, "--port", str(port))
        work = _part(stack, folder, "work", "--workers", "1")
        insight = _part(stack, folder, "insight")
        wait_until_ready(port, api.process, folder / "serve.log", seconds_max=READY_SECONDS)
        wire = Wire(port)
        uploads = Uploads(wire, photos, min(WAITING_MAX, faults))
        valkey = next(
            child for child in psutil.Process().children(recursive=True) if "valkey" in child.name()
        )
        scene = Scene(
            api,
            work,
            insight,
            store,
            receiver,
            valkey,
            draw,
            accepted=lambda: len(uploads.ids),
            decided=Decided(),
            listen_again=stage.listen_again,
        )
        stack.callback(scene.end_valkey)
        yield _Play(scene, wire, uploads, Kept(stage, Orders(wire, stage), Buys(wire, stage), receiver))


def _part(stack: ExitStack, folder: Path, *arguments: str) -> Part:
    log, clock = folder / f"{arguments[0]}.log", Clock(folder / f"{arguments[0]}.clock")
    part = Part(log, *arguments, clock=clock)
    stack.callback(part.stop)
    return part


def _drain(patience_seconds: float) -> None:
    """Wait until nothing waits any more, or nothing has ended for so long."""
    least, since = waiting(), time.monotonic()
    while least and time.monotonic() - since < patience_seconds:
        time.sleep(LOOK_AGAIN_SECONDS)
        if (now := waiting()) < least:
            least, since = now, time.monotonic()
