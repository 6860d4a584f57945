"""No test is skipped unseen: CI fails for a skip that nobody has put on the list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import allowed_skips

ROOT = Path(__file__).parents[1]
ALLOWED_SKIPS = ROOT / "tests/allowed_skips.txt"


def run_tests(folder: Path, source: str, allowed: str, *options: str) -> tuple[int, str]:
    """Run a file of tests as CI does, with a list of its own; return the exit status and what was said."""
    (folder / "test_it.py").write_text(f"import pytest\n\n{source}", encoding="utf-8")
    (folder / "allowed.txt").write_text(allowed, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", f"--rootdir={folder}", "-p", "tests.skips"]
    done = subprocess.run(
        [*command, f"--allowed-skips={folder / 'allowed.txt'}", *options, str(folder / "test_it.py")],
        cwd=ROOT,
        # Of pytest's plugins those alone that are asked for: the others take seconds to load.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


SKIPPED = "def test_a():\n    pytest.skip('no engine here')\n"


@pytest.mark.parametrize("options", [[], ["-p", "xdist.plugin", "-n", "1"]])
def test_a_skip_that_is_not_on_the_list_fails_the_run(tmp_path: Path, options: list[str]) -> None:
    status, said = run_tests(tmp_path, SKIPPED, "test_other.py: no engine here\n", *options)
    assert status == 1
    assert "test_it.py: no engine here" in said


def test_a_skip_that_is_on_the_list_passes(tmp_path: Path) -> None:
    status, said = run_tests(tmp_path, SKIPPED, "# why\n\ntest_it.py: no * here\n")
    assert (status, "without leave" in said) == (0, False)


def test_the_same_test_skipped_for_another_reason_fails(tmp_path: Path) -> None:
    status, _ = run_tests(tmp_path, SKIPPED, "test_it.py: no fonts here\n")
    assert status == 1


def test_a_file_that_is_skipped_whole_is_seen_too(tmp_path: Path) -> None:
    whole = "pytest.importorskip('no_such_module', reason='no module')\n"
    status, said = run_tests(tmp_path, whole + "def test_a(): ...\n", "")
    assert "test_it.py: no module" in said
    assert status != 0


def test_what_is_expected_to_fail_was_not_skipped(tmp_path: Path) -> None:
    expected = "@pytest.mark.xfail(reason='known')\ndef test_a():\n    assert False\n"
    status, _ = run_tests(tmp_path, expected, "")
    assert status == 0


def test_a_run_that_fails_anyway_says_so_as_before(tmp_path: Path) -> None:
    status, said = run_tests(tmp_path, SKIPPED + "def test_b():\n    assert False\n", "")
    assert status == 1
    assert "test_it.py: no engine here" in said


def test_the_list_names_files_that_there_are() -> None:
    patterns = allowed_skips(ALLOWED_SKIPS)
    assert patterns
    assert [line for line in patterns if not (ROOT / line.split(": ")[0]).is_file()] == []


def test_ci_runs_the_tests_with_the_list() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert f"--allowed-skips={ALLOWED_SKIPS.relative_to(ROOT)}" in script
