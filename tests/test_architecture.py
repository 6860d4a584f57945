"""What the layout promises: rules that no linter knows."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import domain
from cli.main import MODULES
from domain.errors import DomainError
from infra import queue
from infra.secrets import PURPOSES
from infra.settings import Settings
from infra.web import CODE_BY_STATUS
from infra.words import LANGUAGES, all_words
from samples import fonts
from workers.chores import chores

ROOT = Path(__file__).parents[1]
OPERATING = ROOT / "docs/operating.md"
PACKAGES = ("api", "bench", "cli", "console", "domain", "infra", "ocr", "samples", "schemas", "workers")
LINES_PER_FILE_MAX = 400
LINES_PER_FUNCTION_MAX = 70


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_the_domain_never_ends_a_transaction() -> None:
    ended = [
        f"{name}:{node.lineno}"
        for name, tree in sources("domain")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert ended == []


def test_keyed_digests_are_made_by_purpose_in_one_place() -> None:
    """Under one raw key what one purpose shows would open another: `infra.secrets.mac` has a key for each.

    A partner's signature is under the partner's own secret.
    """
    makers = {
        name
        for name, tree in sources(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"hmac.new", "hmac.digest", "HMAC"}
    }
    assert makers == {"infra/secrets.py", "domain/partners/access.py"}
    raw = {name for name, tree in sources(*PACKAGES) for node in ast.walk(tree) if _takes_raw_key(node)}
    # Operators are shown what stands in the settings; nothing is made with it.
    assert raw == {"infra/secrets.py", "cli/secret.py"}


def test_every_purpose_of_a_key_is_named_with_its_secret_and_used() -> None:
    said = "\n".join(ast.unparse(tree) for _, tree in sources("api", "console", "domain", "infra"))
    assert [
        purpose for purpose in PURPOSES if said.count(repr(purpose)) < 2 and f"f'{purpose}|" not in said
    ] == []


def _takes_raw_key(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {
        "secrets_of",
        "_kept_secret",
    }


def test_every_job_name_resolves() -> None:
    names = [
        value for value in vars(queue).values() if isinstance(value, str) and value.startswith("workers.")
    ]
    assert "workers.receipts.read_and_settle" in names
    names += [chore.job for chore in chores()]
    for name in names:
        assert callable(pkgutil.resolve_name(name)), name


def settings_table() -> list[str]:
    """The table for operators as the settings say it should be."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if hasattr(default, "get_secret_value"):
            default = default.get_secret_value()
        shown = f"`{default}`" if default not in ("", None) else ""
        rows.append(f"| `QUETBILL_{name.upper()}` | {shown} | {field.description} |")
    return rows


def test_every_setting_is_documented_with_its_default() -> None:
    lines = OPERATING.read_text(encoding="utf-8").splitlines()
    assert [row for row in settings_table() if row not in lines] == []
    documented = {match for line in lines for match in re.findall(r"^\| `(QUETBILL_\w+)`", line)}
    assert documented == {f"QUETBILL_{name.upper()}" for name in Settings.model_fields}


def test_every_verb_is_documented() -> None:
    page = OPERATING.read_text(encoding="utf-8")
    assert [verb for verb in MODULES if f"| `quetbill {verb}" not in page] == []


def problem_codes() -> set[str]:
    """Codes of refusals, wherever in the domain they are defined."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        pkgutil.resolve_name(module.name)
    kinds = [DomainError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.code for kind in kinds} | set(CODE_BY_STATUS.values())


def reason_codes() -> set[str]:
    """Codes of reasons that reading and settling give, as they stand in the source."""
    found: set[str] = set()
    for _, tree in sources("domain", "ocr"):
        for node in ast.walk(tree):
            found.update(_reason_codes_of(node))
    return found


def _reason_codes_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                yield value.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if node.func.id in {"Reason", "ReadingReason", "Signal"}:
            code = named.get("code", node.args[0] if node.args else None)
            if isinstance(code, ast.Constant):
                yield code.value
        other = named.get("other")
        if isinstance(other, ast.Constant) and isinstance(other.value, str):
            yield other.value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    words = all_words(language)
    assert problem_codes() - words["problem"].keys() == set()
    reasons = reason_codes()
    assert {"same_image", "sums_differ", "already_sent", "reading_failed"} <= reasons
    assert reasons - words["reason"].keys() == set()


def test_both_languages_say_the_same_codes() -> None:
    one, other = (all_words(language) for language in LANGUAGES)
    for group in ("problem", "reason"):
        assert one[group].keys() == other[group].keys()


def test_files_and_functions_are_short() -> None:
    long = []
    for name, tree in sources(*PACKAGES, "tests"):
        if (lines := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > LINES_PER_FILE_MAX:
            long.append(f"{name} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LINES_PER_FUNCTION_MAX:
                    long.append(f"{name}: {node.name} has {lines} lines")
    assert long == []


def test_the_machine_gets_the_fonts_that_samples_are_drawn_with() -> None:
    lines = (ROOT / "scripts/packages.txt").read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if line and not line.startswith("#")}
    assert set(fonts.packages()) <= listed
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert {name for name in listed if name.startswith("tesseract")} <= set(dockerfile.split())


def test_the_image_is_built_with_the_uv_that_setup_installs() -> None:
    setup = (ROOT / "scripts/setup.sh").read_text(encoding="utf-8")
    version = re.search(r"^uv_version=(\S+)$", setup, re.MULTILINE)
    assert version
    assert f"uv=={version[1]}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_list_is_cut_into_pages_by_the_one_function() -> None:
    """A cursor made beside `page` would be there on a full last page, too."""
    made = [
        f"{name}:{node.lineno}"
        for name, tree in sources("api", "console", "domain")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg == "next_cursor"
        and not (isinstance(node.value, ast.Attribute) and node.value.attr == "next_cursor")
    ]
    assert made == []
