"""Files for operators: what they name is there, and the programs that read them take them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from cli.main import MODULES
from infra import metrics, queue
from infra.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
ALERTS = DEPLOY / "prometheus/alerts.yml"
DASHBOARD = DEPLOY / "grafana/quetbill.json"
UNITS = sorted((DEPLOY / "systemd").iterdir())
NAMED_METRIC = re.compile(r"quetbill_[a-z_]+")


def has(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} on this machine")


def expressions() -> Iterator[str]:
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_every_figure_that_is_drawn_or_watched_is_told(client: TestClient, empty_redis: None) -> None:
    metrics.count_settled("approved", "recogniser", "tagger")
    metrics.count_voucher("partner", "used")
    with metrics.stage("read"):
        pass
    queue.redis().sadd("rq:workers", "rq:worker:alive", "rq:worker:killed")
    queue.redis().set("rq:worker:alive", "")
    assert client.get("/v1/receipts/00000000-0000-0000-0000-000000000000").status_code == 401
    page = client.get("/metrics").text
    samples = {one.name: one for family in text_string_to_metric_families(page) for one in family.samples}
    declared = {family.name for family in text_string_to_metric_families(page)}
    known = declared | samples.keys() | {f"{name}_total" for name in declared}
    named = {name for expression in expressions() for name in NAMED_METRIC.findall(expression)}
    assert len(named) > 15
    assert named - known == set()
    assert samples["quetbill_workers"].value == 1
    assert samples["quetbill_build_info"].labels.keys() == {"version", "build", "python"}
    labels = {tuple(one.labels.items()) for one in _samples(page, "quetbill_http_requests_total")}
    assert (("method", "GET"), ("route", "/v1/receipts/{receipt_id}"), ("status", "401")) in labels
    assert "00000000-0000" not in page


def _samples(page: str, name: str) -> Iterator[object]:
    for family in text_string_to_metric_families(page):
        yield from (sample for sample in family.samples if sample.name == name)


def test_what_callers_type_is_no_label(client: TestClient) -> None:
    client.request("SECRETVERB", "/v1/none/of/ours/0901234567")
    page = client.get("/metrics").text
    assert 'method="other",route="unmatched",status="404"' in page
    assert "SECRETVERB" not in page
    assert "0901234567" not in page


@has("promtool")
def test_prometheus_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True, capture_output=True)
    config = str(DEPLOY / "prometheus/prometheus.yml")
    subprocess.run(["promtool", "check", "config", config], check=True, capture_output=True)


def test_each_alert_leads_to_a_part_of_the_handbook() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "docs/operating.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {"docs/operating.md#" + head.lower().replace(" ", "-").replace(",", "") for head in heads}
    rules = [
        rule
        for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert {rule["annotations"]["runbook"] for rule in rules} <= anchors
    page = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules if f"`{rule['alert']}`" not in page] == []


def test_units_call_verbs_that_there_are_and_name_settings_that_there_are() -> None:
    text = "\n".join(unit.read_text(encoding="utf-8") for unit in UNITS)
    called = re.findall(r"^ExecStart=\S+/quetbill (\w+)", text, re.MULTILINE)
    assert sorted(called) == ["backup", "insight", "serve", "work"]
    assert set(called) <= MODULES.keys()
    named = set(re.findall(r"QUETBILL_([A-Z_]+)", text + (DEPLOY / "nginx/quetbill.conf").read_text()))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


@has("systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/quetbill/.venv/bin/quetbill", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    given = [str(tmp_path / unit.name) for unit in UNITS]
    ended = subprocess.run(["systemd-analyze", "verify", *given], capture_output=True, text=True, check=False)
    told = [line for line in ended.stderr.splitlines() if "quetbill" in line]
    assert (ended.returncode, told) == (0, [])


@has("nginx")
def test_nginx_takes_the_proxy(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "quetbill.example.vn")])
    now = datetime.now(UTC).replace(tzinfo=None)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    site = (DEPLOY / "nginx/quetbill.conf").read_text(encoding="utf-8")
    (tmp_path / "site.conf").write_text(site.replace("/etc/ssl/quetbill", str(tmp_path)), encoding="utf-8")
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ access_log off; include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    ended = subprocess.run(
        ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
