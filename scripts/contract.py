"""Say what a new description of the API breaks for clients that were made from an older one.

Releases only add: whoever has an app of last year keeps a working one. `docs/openapi.json` is the description
that clients were made from; `python -m scripts.contract --write` brings it up to date, and refuses to where
that would break them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

RELEASED = Path(__file__).parents[1] / "docs/openapi.json"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
# What narrows where it grows, and what where it shrinks.
LOWER_BOUNDS = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
UPPER_BOUNDS = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
DEPTH_MAX = 12

Side = Literal["sent", "answered"]


class Description:
    """One OpenAPI document, whose references are followed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def at(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return what a node refers to, or the node; words beside a reference are nothing to clients."""
        for _ in range(DEPTH_MAX):
            if "$ref" not in node:
                return node
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def operations(self) -> dict[str, dict[str, Any]]:
        """Return each operation by method and path."""
        return {
            f"{method.upper()} {path}": operation
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return a sentence for each change that a client made from `old` would stumble over."""
    return list(_Comparison(Description(old), Description(new)).all())


class _Comparison:
    def __init__(self, old: Description, new: Description) -> None:
        self.old, self.new = old, new

    def all(self) -> Iterator[str]:
        new = self.new.operations()
        for name, operation in self.old.operations().items():
            if name not in new:
                yield f"{name} is gone"
                continue
            yield from self._operation(name, operation, new[name])

    def _operation(self, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{name}: its id {old.get('operationId')} became {new.get('operationId')}"
        if not old.get("security") and new.get("security"):
            yield f"{name}: asks for a token now"
        if (
            old.get("security")
            and new.get("security")
            and not _any_way_left(old["security"], new["security"])
        ):
            yield f"{name}: the way to sign in changed"
        yield from self._parameters(name, old, new)
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        yield from self._responses(name, old["responses"], new["responses"])

    def _parameters(self, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        before, after = (
            {(one["in"], one["name"].lower()): one for one in map(side.at, operation.get("parameters", []))}
            for side, operation in ((self.old, old), (self.new, new))
        )
        for key, parameter in after.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"{name}: {key[0]} {key[1]} must be sent now"
        for key, parameter in before.items():
            where = f"{name}: {key[0]} {key[1]}"
            if key not in after:
                yield f"{where} is gone"
            else:
                yield from self._schema(where, parameter["schema"], after[key]["schema"], "sent")

    def _body(self, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
        if old is None:
            if new is not None and new.get("required"):
                yield f"{name}: a body must be sent now"
            return
        if new is None:
            yield f"{name}: takes no body any more"
            return
        if new.get("required") and not old.get("required"):
            yield f"{name}: a body must be sent now"
        yield from self._contents(f"{name}: body", old["content"], new["content"], "sent")

    def _responses(self, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        for status, response in old.items():
            where = f"{name}: {status}"
            if status not in new:
                yield f"{where} is not answered any more"
                continue
            before, after = self.old.at(response), self.new.at(new[status])
            for header in before.get("headers", {}):
                if header not in after.get("headers", {}):
                    yield f"{where} lacks the header {header}"
            yield from self._codes(where, before, after)
            yield from self._contents(where, before.get("content", {}), after.get("content", {}), "answered")
        for status in new:
            # A client made from the old description takes any other success for a fault.
            if status not in old and status.startswith("2"):
                yield f"{name}: {status} is a new way to succeed"

    def _codes(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        before, after = (
            set(response.get("content", {}).get("application/problem+json", {}).get("examples", {}))
            for response in (old, new)
        )
        for code in sorted(before - after):
            yield f"{where} has no code {code} any more"

    def _contents(self, where: str, old: dict[str, Any], new: dict[str, Any], side: Side) -> Iterator[str]:
        for kind, content in old.items():
            if kind not in new:
                yield f"{where} is no {kind} any more"
            elif "schema" in content:
                yield from self._schema(where, content["schema"], new[kind].get("schema", {}), side)

    def _schema(
        self, where: str, old: dict[str, Any], new: dict[str, Any], side: Side, depth: int = 0
    ) -> Iterator[str]:
        old, new = self.old.at(old), self.new.at(new)
        if depth > DEPTH_MAX:
            return
        before, after = self._kinds(self.old, old), self._kinds(self.new, new)
        narrowed, widened = before.keys() - after.keys(), after.keys() - before.keys()
        lost = narrowed if side == "sent" else widened
        if lost:
            yield f"{where}: may {'not ' if side == 'sent' else ''}be {', '.join(sorted(lost))} now"
        elif not before.keys() & after.keys() and before and after:
            yield f"{where}: is {', '.join(sorted(after))} now"
        for kind in before.keys() & after.keys():
            yield from self._one_kind(where, before[kind], after[kind], side, depth)

    def _kinds(self, side: Description, schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return a schema's alternatives by their kind: `string`, `string date`, `object`, `null`."""
        found: dict[str, dict[str, Any]] = {}
        for one in schema.get("anyOf") or schema.get("oneOf") or [schema]:
            plain = side.at(one)
            types = plain.get("type", "any")
            for kind in types if isinstance(types, list) else [types]:
                name = f"{kind} {plain['format']}" if "format" in plain else str(kind)
                # Several objects are told apart by their place: each is compared with its own.
                while name in found:
                    name += " more"
                found[name] = plain
        return found

    def _one_kind(
        self, where: str, old: dict[str, Any], new: dict[str, Any], side: Side, depth: int
    ) -> Iterator[str]:
        yield from _values(where, old, new, side)
        if side == "sent":
            yield from _limits(where, old, new)
        if "items" in old:
            yield from self._schema(f"{where}[]", old["items"], new.get("items", {}), side, depth + 1)
        if isinstance(old.get("additionalProperties"), dict):
            inner = new.get("additionalProperties")
            if isinstance(inner, dict):
                yield from self._schema(f"{where}{{}}", old["additionalProperties"], inner, side, depth + 1)
        yield from self._properties(where, old, new, side, depth)

    def _properties(
        self, where: str, old: dict[str, Any], new: dict[str, Any], side: Side, depth: int
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for field, schema in before.items():
            if field not in after:
                yield f"{where}.{field} is gone"
                continue
            yield from self._schema(f"{where}.{field}", schema, after[field], side, depth + 1)
        was, now = set(old.get("required", [])), set(new.get("required", []))
        if side == "sent":
            yield from (f"{where}.{field} must be sent now" for field in sorted(now - was))
        else:
            yield from (
                f"{where}.{field} may be missing now" for field in sorted(was - now) if field in after
            )


def _any_way_left(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> bool:
    return any(set(way) <= {name for before in old for name in before} for way in new)


def _values(where: str, old: dict[str, Any], new: dict[str, Any], side: Side) -> Iterator[str]:
    before, after = (_listed(schema) for schema in (old, new))
    if side == "sent" and after is not None:
        gone = sorted(before - after) if before is not None else ["anything else"]
        yield from (f"{where}: {value} is not taken any more" for value in gone)
    if side == "answered" and before is not None:
        added = sorted(after - before) if after is not None else ["anything else"]
        yield from (f"{where}: {value} is a new answer" for value in added)


def _listed(schema: dict[str, Any]) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(value) for value in schema["enum"]} if "enum" in schema else None


def _limits(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in LOWER_BOUNDS:
        if name in new and (name not in old or new[name] > old[name]):
            yield f"{where}: {name} is {new[name]} now"
    for name in UPPER_BOUNDS:
        if name in new and (name not in old or new[name] < old[name]):
            yield f"{where}: {name} is {new[name]} now"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: the form asked for changed"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{where}: takes no other fields any more"


def released() -> dict[str, Any]:
    """Return the description that clients were made from."""
    document: dict[str, Any] = json.loads(RELEASED.read_text(encoding="utf-8"))
    return document


def described() -> dict[str, Any]:
    """Return the description of this version, under its usual settings."""
    from app import create_app  # noqa: PLC0415 - comparing two files needs no application

    return create_app().openapi()


def main() -> int:
    """Compare, and with --write keep what is only added to; return the exit status."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", action="store_true", help="bring docs/openapi.json up to date")
    asked.add_argument("--break", action="store_true", dest="breaks", help="even where that breaks clients")
    given = asked.parse_args()
    new = described()
    broken = breaking_changes(released(), new) if RELEASED.exists() else []
    sys.stdout.writelines(f"{change}\n" for change in broken)
    if broken and not given.breaks:
        return 1
    if given.write:
        RELEASED.write_text(
            json.dumps(new, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
