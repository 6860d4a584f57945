"""Send the running API what nobody thought of, in every role; fail if it ever answers 5xx.

Arguments go to Schemathesis: `make fuzz ARGS="--max-examples=500 --seed=1"`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.services import own_services
from cli.token import issue
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import settings

ROLES = ("shopper", "brand_manager", "reviewer", "admin")
CHECKS = "not_a_server_error,response_schema_conformance"


def main() -> int:
    """Fuzz a fresh installation; return the first exit status that is not 0."""
    arguments = sys.argv[1:] or ["--max-examples=100"]
    with own_services():
        port = free_port()
        serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
        with running(log := settings().data_dir / "api.log", *serve) as api:
            wait_until_ready(port, api, log)
            for role in ROLES:
                token = issue(role, phone="0900000000", brands=("omo",))
                status = subprocess.run(  # noqa: S603 - our own environment's command
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
                if status:
                    return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
