"""A form made of the JSON Schema of terms: its fields as a tree, and a sent form as JSON again.

A field is named by its path in the terms (`rules.0.give.0.points`), so refusals find theirs. Whatever the
schema gains, the form has too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from pydantic import ValidationError

from schemas.base import Body

Json = dict[str, Any]
Shape = Literal[
    "number",
    "text",
    "long",
    "yes_no",
    "date",
    "time",
    "choice",
    "choices",
    "names",
    "parts",
    "group",
    "union",
]
Errors = Mapping[str, str]

LONG_TEXT: Final = 1000
# So many names are ticked; of more, only those of the whole campaign are, and the others written.
TICKED_MAX: Final = 24
TICKED_ALWAYS: Final = frozenset({"brands", "shops.retailers"})
PATH_MAX: Final = 200
# Deeper than any terms may be; what is written deeper is not drawn.
STEPS_MAX: Final = 60
# As many fields as a form may send; whoever has more writes JSON.
FIELDS_MAX: Final = 800
_NUMBER: Final = re.compile(r"-?[0-9][0-9., ]*")
_PATH: Final = re.compile(r"[a-z_]+(?:\.(?:[a-z_]+|[0-9]{1,3}))*")


@dataclass(slots=True)
class Field:
    """One field of the form, or a group of them.

    `options` are values to choose from, each with its own word where it is no code of the schema; `parts` is
    what lies within. A list's parts are numbered, and `adds` are the kinds that can be added to it.
    """

    path: str
    name: str
    shape: Shape
    value: Any = None
    is_needed: bool = False
    options: Sequence[tuple[str, str | None]] = ()
    parts: list[Field] = field(default_factory=list)
    adds: Sequence[str] = ()
    error: str | None = None
    is_new: bool = False

    @property
    def is_faulty(self) -> bool:
        """Whether it or anything within is refused."""
        return self.error is not None or any(part.is_faulty for part in self.parts)

    @property
    def word(self) -> str:
        """Return under which word it is named: two properties of the schema mean two things."""
        if (self.name, self.shape) == ("of", "parts"):
            return "terms_conditions"
        if (self.name, self.shape) == ("rules", "long"):
            return "terms_rules_text"
        return f"terms_{self.name}"

    def count(self) -> int:
        """Return how many fields a browser sends of it, as it stands."""
        ticked = len(self.value or ()) if self.shape == "choices" else 0
        return 1 + ticked + sum(part.count() for part in self.parts)


@cache
def schema_of(model: type[Body]) -> Json:
    """Return the JSON Schema of terms, of a campaign or a journey."""
    return model.model_json_schema()


def form_of(
    root: Json, terms: Json, errors: Errors, known: Mapping[str, Sequence[tuple[str, str]]], new: str = ""
) -> Field:
    """Return the form of terms.

    Args:
        root: The JSON Schema of such terms.
        terms: As JSON, whole or not.
        errors: What is refused, in words, by path.
        known: For names of the catalogue by the property that holds them: (slug, name) of each.
        new: Path of the part that was just added, where the writer goes on.
    """
    return _Builder(root, errors, known, new).field(root, terms, "", "terms", is_needed=True)


@dataclass(slots=True)
class _Builder:
    root: Json
    errors: Errors
    known: Mapping[str, Sequence[tuple[str, str]]]
    new: str

    def field(self, node: Json, value: Any, path: str, name: str, *, is_needed: bool) -> Field:
        inner, is_optional = _inner(self.root, node)
        if value is None and "default" in node:
            value = node["default"]
        if path.count(".") > STEPS_MAX:
            value = None
        made = Field(path, name, _shape(self.root, inner), value, is_needed and not is_optional)
        made.is_new = bool(path) and path == self.new
        made.error = self._error(path, made.shape)
        fill = {"group": self._group, "union": self._union, "parts": self._parts}.get(made.shape, self._leaf)
        fill(made, inner, is_optional)
        is_short = len(made.options) <= TICKED_MAX or path in TICKED_ALWAYS
        if made.shape == "names" and made.options and is_short:
            made.shape = "choices"
            # What is ticked comes first: many names are scrolled.
            made.options = sorted(made.options, key=lambda option: option[0] not in (made.value or ()))
        return made

    def _error(self, path: str, shape: Shape) -> str | None:
        found = self.errors.get(path)
        if found is None and shape in {"names", "choices"}:
            within = (words for at, words in self.errors.items() if at.startswith(f"{path}."))
            found = next(within, None)
        return found

    def _group(self, made: Field, node: Json, _optional: bool) -> None:  # noqa: FBT001 - one of four alike
        value = made.value if isinstance(made.value, dict) else {}
        for name, part in node["properties"].items():
            if _is_fixed(part):
                continue
            path = f"{made.path}.{name}" if made.path else name
            needed = name in node.get("required", ())
            made.parts.append(self.field(part, value.get(name), path, name, is_needed=needed))

    def _union(self, made: Field, node: Json, optional: bool) -> None:  # noqa: FBT001 - one of four alike
        kinds = node["discriminator"]["mapping"]
        made.options = [("", None)] * optional + [(kind, None) for kind in kinds]
        value = made.value if isinstance(made.value, dict) else {}
        kind = value.get("kind")
        made.value = kind if kind in kinds else "" if optional else next(iter(kinds))
        if made.value:
            inner = _resolved(self.root, {"$ref": kinds[made.value]})
            self._group(group := Field(made.path, made.name, "group", value), inner, False)
            made.parts = group.parts

    def _parts(self, made: Field, node: Json, _optional: bool) -> None:  # noqa: FBT001 - one of four alike
        items, _ = _inner(self.root, node["items"])
        made.adds = list(items["discriminator"]["mapping"]) if "discriminator" in items else [made.name]
        values = made.value if isinstance(made.value, list | tuple) else []
        for place, value in enumerate(values):
            made.parts.append(self.field(items, value, f"{made.path}.{place}", made.name, is_needed=True))

    def _leaf(self, made: Field, node: Json, optional: bool) -> None:  # noqa: FBT001 - one of four alike
        if made.shape == "choice":
            made.options = [("", None)] * optional + [(one, None) for one in node["enum"]]
        elif made.shape == "choices":
            days = range(node["items"]["minimum"], node["items"]["maximum"] + 1)
            made.options = [(str(day), None) for day in days]
        elif made.name in self.known and made.shape in {"names", "text"}:
            made.options = list(self.known[made.name])
            if made.shape == "text":
                made.options = [("", None)] * (not made.is_needed) + list(made.options)
                made.shape = "choice"


def _resolved(root: Json, node: Json) -> Json:
    if "$ref" in node:
        found: Json = root["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def _inner(root: Json, node: Json) -> tuple[Json, bool]:
    """Return what a node is where it is not null, and whether it may be."""
    kinds = node.get("anyOf")
    if kinds is None:
        return _resolved(root, node), False
    [inner] = [kind for kind in kinds if kind.get("type") != "null"]
    return _resolved(root, inner), True


def _is_fixed(node: Json) -> bool:
    """Whether there is nothing to choose: a kind that is told otherwise, or the form of the terms."""
    return "const" in node or ("minimum" in node and node["minimum"] == node.get("maximum"))


def _shape(root: Json, node: Json) -> Shape:
    if "discriminator" in node:
        return "union"
    if "enum" in node:
        return "choice"
    match node["type"], node.get("format"):
        case "object", _:
            return "group"
        case "array", _:
            items, _ = _inner(root, node["items"])
            if items.get("type") == "integer":
                return "choices"
            return "names" if items.get("type") == "string" else "parts"
        case "boolean", _:
            return "yes_no"
        case "integer", _:
            return "number"
        case "string", "date":
            return "date"
        case "string", "time":
            return "time"
    return "long" if node.get("maxLength", 0) >= LONG_TEXT else "text"


def read_form(root: Json, sent: Iterable[tuple[str, Any]]) -> Json:
    """Return terms as JSON from a sent form; what is no field of them is left out."""
    raw: Json = {}
    for path, value in sent:
        if isinstance(value, str) and len(path) <= PATH_MAX and _PATH.fullmatch(path):
            at = raw
            for key in path.split("."):
                at = at.setdefault(key, {})
            at.setdefault("", []).append(value)
    read: Json = _read(root, root, raw)
    return read


def _read(root: Json, node: Json, raw: Json) -> Any:
    inner, _ = _inner(root, node)
    shape = _shape(root, inner)
    if shape == "group":
        return _read_group(root, inner, raw)
    if shape == "union":
        kind = _last(raw.get("kind", {}))
        ref = inner["discriminator"]["mapping"].get(kind)
        return {"kind": kind} | _read_group(root, _resolved(root, {"$ref": ref}), raw) if ref else None
    if shape == "parts":
        places = sorted((key for key in raw if key.isdigit()), key=int)
        return [_read(root, inner["items"], raw[place]) for place in places]
    if shape in {"names", "choices"}:
        values = [part.strip() for value in raw.get("", ()) for part in re.split(r"[,\n]", value)]
        return [_number(one) if shape == "choices" else one for one in values if one]
    value = _last(raw)
    if shape == "yes_no":
        return value == "true"
    return _number(value) if shape == "number" and value else value or None


def _read_group(root: Json, node: Json, raw: Json) -> Json:
    read = {
        name: _read(root, part, raw[name])
        for name, part in node["properties"].items()
        if name in raw and not _is_fixed(part)
    }
    # What is left empty is as usual.
    return {name: value for name, value in read.items() if value is not None}


def _last(raw: Json) -> str:
    values: list[str] = raw.get("", [])
    return values[-1].strip() if values else ""


def _number(text: str) -> int | str:
    """Return a number as people write it, its thousands apart or not; what is none stays as it is."""
    return int(re.sub(r"[., ]", "", text)) if _NUMBER.fullmatch(text) and len(text) < 20 else text  # noqa: PLR2004 - no number of ours is longer


def change_parts(terms: Json, act: str) -> str:
    """Add a part to terms, or take one away; return the path of what was added.

    Args:
        terms: As JSON; changed in place.
        act: `add|rules.0.give|fixed` or `drop|rules.0`.
    """
    what, _, rest = act.partition("|")
    path, _, kind = rest.partition("|")
    if len(path) > PATH_MAX or not _PATH.fullmatch(path):
        return ""
    *above, key = path.split(".")
    at: Any = terms
    for step in above:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[int(step)] if _has(at, step) else {}
    if what == "drop" and isinstance(at, list) and _has(at, key):
        del at[int(key)]
    elif what == "add" and isinstance(at, dict):
        parts = at.setdefault(key, [])
        if isinstance(parts, list):
            parts.append({"kind": kind} if kind and kind != key else {})
            return f"{path}.{len(parts) - 1}"
    return ""


def _has(at: Any, step: str) -> bool:
    return isinstance(at, list) and step.isdigit() and int(step) < len(at)


def paths_of(error: ValidationError, terms: Json) -> dict[str, Mapping[str, Any]]:
    """Return what is wrong with terms by path, as the form names it: the first fault of each."""
    found: dict[str, Mapping[str, Any]] = {}
    for fault in error.errors(include_url=False):
        at: Any = terms
        path = []
        for step in fault["loc"]:
            # pydantic names the kind of a union besides, which is no step.
            if isinstance(at, dict) and step not in at and at.get("kind") == step:
                continue
            path.append(str(step))
            at = at.get(step) if isinstance(at, dict) else _item(at, step)
        found.setdefault(".".join(path), fault)
    # A list is told to be short where what is in it is wrong.
    return {
        path: fault
        for path, fault in found.items()
        if fault["type"] != "too_short" or not any(other.startswith(f"{path}.") for other in found)
    }


def _item(at: Any, step: Any) -> Any:
    return at[step] if isinstance(at, list | tuple) and isinstance(step, int) and step < len(at) else None
