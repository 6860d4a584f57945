"""Send the running API and console what nobody thought of, in every role; fail if they ever answer 5xx.

First Schemathesis on the API's own document, then forms, cursors, filters and files, drawn from a seed:
`make fuzz ARGS="--max-examples=500 --seed=1 --requests=50000"`. `--requests` is how many of the second kind,
all other arguments go to Schemathesis; `--max-examples=0` leaves it out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from bench.services import own_services
from cli.token import issue
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import override_settings, settings
from scripts.fuzz_forms import Answers, send_forms

ROLES = ("shopper", "brand_manager", "reviewer", "admin")
# On a busy machine a start may take minutes.
READY_SECONDS = 300.0
CHECKS = "not_a_server_error,response_schema_conformance"


def main() -> int:
    """Fuzz a fresh installation; return the first exit status that is not 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=5_000)
    given, others = parser.parse_known_args()
    with own_services():
        # With its columnar store: brands' questions would else all be answered that it is away.
        override_settings(insight_url="")
        port = free_port()
        serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
        with running(log := settings().data_dir / "api.log", *serve) as api:
            wait_until_ready(port, api, log, seconds_max=READY_SECONDS)
            if given.max_examples:
                examples = [f"--max-examples={given.max_examples}", f"--seed={given.seed}", *others]
                for role in ROLES:
                    if status := _schemathesis(port, role, examples):
                        return status
            answers = send_forms(f"http://{LOOPBACK}:{port}", given.requests, given.seed)
    return _told(answers)


def _schemathesis(port: int, role: str, arguments: list[str]) -> int:
    token = issue(role, phone="0900000000", brands=("omo",))
    return subprocess.run(  # noqa: S603 - our own environment's command
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"http://{LOOPBACK}:{port}/openapi.json",
            f"--header=Authorization: Bearer {token}",
            f"--checks={CHECKS}",
            *arguments,
        ],
        check=False,
    ).returncode


def _told(answers: Answers) -> int:
    counted = " ".join(f"{status}: {count}" for status, count in sorted(answers.by_status.items()))
    sys.stdout.write(f"forms, cursors, filters and files: {answers.sent} sent; {counted}\n")
    # A fault of ours before what was only away or busy.
    for failure in sorted(answers.failures, key=lambda one: ": 503 " in one)[:20]:
        sys.stdout.write(f"  {failure}\n")
    return 1 if answers.failures else 0


if __name__ == "__main__":
    sys.exit(main())
