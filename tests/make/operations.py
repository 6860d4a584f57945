"""Every operation of both web doors, as the application's own routes tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

NOBODY = "00000000-0000-0000-0000-000000000000"
FILLED = {
    "page": "0",
    "brand": "omo",
    "measure": "penetration",
    "survey": "nps",
    "code": "same_receipt",
    "language": "en",
}
PARAMETERS = ("path_params", "query_params", "header_params", "cookie_params", "body_params")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `path` is whole, with its mount, its parameters in braces."""

    method: str
    path: str
    dependant: Dependant

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_console(self) -> bool:
        return self.path.startswith("/console")

    def at(self, **values: object) -> str:
        """The path with its parameters filled; an id that is not given is nobody's."""
        path = self.path
        for parameter in self.parameters("path_params"):
            value = values.get(parameter.alias, FILLED.get(parameter.alias, NOBODY))
            path = path.replace("{" + parameter.alias + "}", str(value))
        return path

    def parameters(self, kind: str) -> list[Any]:
        """The fields of one kind that the operation and all it depends on take."""
        return [field for dependant in _all(self.dependant) for field in getattr(dependant, kind)]


def operations(app: FastAPI) -> list[Operation]:
    """Every operation, the console's under its mount."""
    return list(_operations(app.routes, ""))


def _operations(routes: list[Any], mount: str) -> Iterator[Operation]:
    for route in iter_route_contexts(routes):
        if isinstance(route.original_route, Mount):
            yield from _operations(route.original_route.routes, mount + route.original_route.path)
        elif isinstance(route.original_route, APIRoute):
            for method in sorted(route.methods or ()):
                yield Operation(method, mount + (route.path or ""), route.dependant)


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)
