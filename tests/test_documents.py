"""What documents, docstrings and comments name is there: a move that leaves a name behind fails here."""

from __future__ import annotations

import ast
import io
import pkgutil
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "api",
    "bench",
    "cli",
    "console",
    "domain",
    "infra",
    "ocr",
    "samples",
    "schemas",
    "training",
    "workers",
)
FOLDERS = (*PACKAGES, "deploy", "docs", "migrations", "pwa", "scripts", "tests")
DECISIONS = ROOT / "docs/decisions"
RECORDS = sorted(path.stem for path in DECISIONS.glob("[0-9]*.md"))
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
SOURCES = [path for folder in (*PACKAGES, "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
# Data, pages and scripts, read whole.
OTHERS = [ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "compose.yaml", ROOT / ".ci/run"] + [
    path
    for folder in (*PACKAGES, "scripts")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".toml", ".html", ".js", ".css", ".sh", ".txt"} and "node_modules" not in path.parts
]

# `domain/fraud/rules.py`, docs/decisions/0002, `domain/AREA/` of which AREA stands for any.
NAMED_PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w/*-]+(?:\.[a-z]+)?")
# domain.settlement.settle_receipt
NAMED_OBJECT = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}\b")
NAMED_RECORD = re.compile(r"(?<![\w.,-])\(?(?:decisions/)?(0[01]\d\d)\b(?![.,]\d)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def remarks(path: Path) -> Iterator[str]:
    """The docstrings and comments of a source file."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def is_there(named: str) -> bool:
    """Whether a path is a file or folder, a module without its suffix, or a record by its number."""
    if PLACEHOLDER.search(named):
        return True
    return any(any(ROOT.glob(pattern)) for pattern in (named.rstrip("/"), f"{named}.py", f"{named}-*.md"))


def gone(text: str) -> list[str]:
    return sorted({named for named in NAMED_PATH.findall(text) if not is_there(named)})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_what_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert gone(text) == []
    assert [link for link in LINK.findall(text) if not (path.parent / link).exists()] == []


def test_docstrings_comments_and_data_name_only_what_is_there() -> None:
    found = {str(path.relative_to(ROOT)): gone("\n".join(remarks(path))) for path in SOURCES}
    found |= {str(path.relative_to(ROOT)): gone(path.read_text(encoding="utf-8")) for path in OTHERS}
    assert {path: names for path, names in found.items() if names} == {}


def test_one_receipts_way_is_told_by_names_of_the_code() -> None:
    told = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("## One receipt's way")[1]
    names = NAMED_OBJECT.findall(told.split("```")[1])
    assert len(names) > 20
    for name in names:
        pkgutil.resolve_name(name)


def test_the_index_of_decisions_names_each_record_once_and_no_other() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\d{4}-[\w-]+)\.md\)", index)) == RECORDS


def test_a_decision_that_is_named_is_on_record() -> None:
    known = {record[:4] for record in RECORDS}
    named = {
        str(path.relative_to(ROOT)): set(NAMED_RECORD.findall(path.read_text(encoding="utf-8"))) - known
        for path in DOCUMENTS
    }
    named |= {
        str(path.relative_to(ROOT)): {
            number
            for remark in remarks(path)
            for number in re.findall(r"decisions/(\d{4})", remark)
            if number not in known
        }
        for path in SOURCES
    }
    assert {path: numbers for path, numbers in named.items() if numbers} == {}
