"""The servers' configuration in `compose.insight.yaml`, as the real engine reads it: two shards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose.insight.yaml"
# An engine reads its configuration as it starts, and a process has one engine.
ASK = """
import json, sys
from infra.columnar.chdb_library import connect
asked = connect(f"{sys.argv[1]}/store?config-file={sys.argv[1]}/cluster.xml")
sql = '''SELECT cluster, shard_num AS shard, host_name AS host, port, user, getMacro('shard') AS own,
    getMacro('replica') AS replica FROM system.clusters ORDER BY shard'''
print(asked.query(sql, "JSON", params={}).bytes().decode())
"""


@pytest.mark.parametrize("number", ["1", "2"])
def test_each_machine_knows_both_shards_and_which_it_is(tmp_path: Path, number: str) -> None:
    said = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    service = said["services"][f"shard-{number}"]
    shard = service["environment"]["SHARD"]
    config = said["configs"]["cluster"]["content"].replace("${INSIGHT_PASSWORD}", "secret")
    (tmp_path / "cluster.xml").write_text(config, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "SHARD": shard},
        capture_output=True,
        check=True,
        timeout=60,
    )
    rows = json.loads(ran.stdout)["data"]
    user = service["environment"]["CLICKHOUSE_USER"]
    assert [(row["cluster"], row["shard"], row["host"], row["port"], row["user"]) for row in rows] == [
        ("quetbill", place, f"shard-{place}", 9000, user) for place in (1, 2)
    ]
    assert {(row["own"], row["replica"]) for row in rows} == {(number, "1")}
    assert {row["host"] for row in rows} <= set(said["services"])
