"""Clients that generators make of /openapi.json alone send a receipt, and understand a refusal."""

from __future__ import annotations

import base64
import importlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.db import transaction
from infra.words import say
from tests import make
from tests.make.browser import serving

HERE = Path(__file__).parent
TYPESCRIPT = HERE / "typescript"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None or not (TYPESCRIPT / "node_modules").is_dir(),
    reason="The TypeScript tools are not installed: scripts/setup.sh test installs them where npm is",
)


@dataclass(frozen=True, slots=True)
class Running:
    """An API that runs, a shopper's token, and what the API says of itself."""

    address: str
    token: str
    description: Path


@pytest.fixture
def running(committed: None, tmp_path: Path) -> Generator[Running]:
    with transaction() as session:
        token = make.bearer(make.make_shopper(session))["Authorization"].removeprefix("Bearer ")
    with serving() as address:
        # Generators wait five seconds for an answer; a busy machine is slow, not wrong.
        description = tmp_path / "openapi.json"
        description.write_bytes(httpx.get(f"{address}/openapi.json", timeout=120).content)
        yield Running(address, token, description)


def test_a_python_client_sends_a_receipt_and_understands_a_refusal(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = [
        Path(sys.executable).parent / "openapi-python-client",
        "generate",
        *("--path", running.description),
        *("--config", HERE / "config.yaml"),
        *("--meta", "none", "--output-path", tmp_path / "quetbill_client", "--fail-on-warning"),
    ]
    made = subprocess.run(generate, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("quetbill_client")
    receipts = {
        name: importlib.import_module(f"quetbill_client.api.receipts.{name}")
        for name in ("upload_receipt", "show_receipt", "list_receipts")
    }
    models = importlib.import_module("quetbill_client.models")
    types = importlib.import_module("quetbill_client.types")
    opened = package.AuthenticatedClient(
        running.address, running.token, headers={"Accept-Language": "en"}, timeout=httpx.Timeout(120)
    )
    with opened as client:

        def send(content: bytes, kind: str) -> object:
            page = types.File(payload=io.BytesIO(content), file_name="page.jpg", mime_type=kind)
            body = models.BodyUploadReceipt(image=[page])
            return receipts["upload_receipt"].sync(client=client, body=body, idempotency_key=kind)

        accepted = send(make.make_photo(), "image/jpeg")
        assert isinstance(accepted, models.ReceiptAccepted)
        seen = receipts["show_receipt"].sync(accepted.id, client=client)
        assert (seen.id, seen.status, seen.pages) == (accepted.id, "received", 1)
        refused = send(b"%PDF-1.7", "application/pdf")
        assert isinstance(refused, models.Problem)
        assert (refused.status, refused.code) == (422, "pdf_not_accepted")
        assert refused.detail == say("problem", "pdf_not_accepted", "en")
        invalid = receipts["list_receipts"].sync(client=client, limit=0)
        assert [fault.field for fault in invalid.errors] == ["query.limit"]


@needs_node
def test_a_typescript_client_compiles_sends_a_receipt_and_understands_a_refusal(running: Running) -> None:
    assert NODE
    run_in(TYPESCRIPT, NODE, "generate.mjs", running.description.as_uri())
    run_in(TYPESCRIPT, NODE, "node_modules/typescript/bin/tsc", "--project", ".")
    photo = base64.b64encode(make.make_photo()).decode()
    told = json.loads(run_in(TYPESCRIPT, NODE, "build/main.js", running.address, running.token, photo))
    assert told["location"] == f"/v1/receipts/{told['id']}"
    assert (told["status"], told["pages"]) == ("received", 1)
    assert told["refused"] == [422, "pdf_not_accepted", say("problem", "pdf_not_accepted", "en")]
    assert told["faults"] == [["query.limit", say("fault", "greater_than_equal", "en", {"ge": 1})]]


def run_in(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
