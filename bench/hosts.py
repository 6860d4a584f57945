"""Hosts of a benchmark's own: network namespaces, each at the end of a wire of a chosen length.

A host reaches nothing but the services it was given, at its gateway, through a relay that delays. The
addresses are those set aside for benchmarks (RFC 2544), and the namespaces go with the benchmark.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.processes import running

HOSTS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Host:
    """A namespace and the address at which its services answer."""

    name: str
    gateway: str

    @property
    def through(self) -> tuple[str, ...]:
        """The command by which another runs there."""
        return ("ip", "netns", "exec", self.name)


@contextmanager
def hosts(delays_ms: Sequence[float], services: Mapping[int, str], folder: Path) -> Generator[list[Host]]:
    """Set up a host for each delay, one way, to the services: the port there, and what answers here.

    Raises:
        RuntimeError: This machine lets nobody set up hosts: it takes root and `ip`.
    """
    if len(delays_ms) > HOSTS_MAX:
        raise RuntimeError(f"At most {HOSTS_MAX} hosts.")
    with ExitStack() as stack:
        yield [
            stack.enter_context(_host(number, delay, services, folder))
            for number, delay in enumerate(delays_ms)
        ]


@contextmanager
def _host(number: int, delay_ms: float, services: Mapping[int, str], folder: Path) -> Generator[Host]:
    name, wire = f"bench-{os.getpid()}-{number}", f"qb{os.getpid() % 10**6}-{number}"
    gateway, own = f"198.18.{number}.1", f"198.18.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("addr", "add", f"{gateway}/30", "dev", wire)
        _ip("link", "set", wire, "up")
        for ours in (("addr", "add", f"{own}/30", "dev", "eth0"), ("link", "set", "eth0", "up")):
            _ip("-n", name, *ours)
        _ip("-n", name, "link", "set", "lo", "up")
        routes = [f"{port}={target}" for port, target in services.items()]
        with running(folder / f"relay-{number}.log", "bench.relay", gateway, str(delay_ms), *routes):
            yield Host(name, gateway)
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True)  # noqa: S603, S607 - the system's own
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip()
        raise RuntimeError(f"No host can be set up: `ip {' '.join(words)}`: {said or error}") from error
