"""A pytest plugin: `--allowed-skips=FILE` fails the run for a skip that the file does not name.

A line of the file is a test file and a reason, as `pytest -rs` shows them, with the wildcards of `fnmatch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--allowed-skips", type=Path, metavar="FILE", help="fail for skips that FILE does not name"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Under xdist all reports come together in the process that started the others.
    if (path := config.getoption("--allowed-skips")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipWatch(allowed_skips(path)), "skip-watch")


def allowed_skips(path: Path) -> list[str]:
    """The file's patterns, without its remarks and empty lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class SkipWatch:
    """Remembers what was skipped without leave, and fails the run for it."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._unlisted: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # What is expected to fail is reported as skipped too, but it ran.
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        assert isinstance(report.longrepr, tuple)
        reason = report.longrepr[2].removeprefix("Skipped: ")
        skip = f"{report.nodeid.split('::')[0]}: {reason}"
        if not any(fnmatchcase(skip, pattern) for pattern in self._allowed):
            self._unlisted.add(skip)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unlisted:
            terminalreporter.section("skipped without leave", red=True)
            for skip in sorted(self._unlisted):
                terminalreporter.line(skip)
