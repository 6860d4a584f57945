"""The `quetbill` command: each verb lives in a file of its group, loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Verb to the module that holds it. Serving needs no OpenCV, reading no web framework.
MODULES = {
    "demo": "cli.demo",
    "serve": "cli.serve",
    "work": "cli.work",
    "read": "cli.read",
    "token": "cli.token",
    "staff": "cli.staff",
    "migrate": "cli.admin",
    "seed": "cli.admin",
    "shops": "cli.shops",
    "receipts": "cli.receipts",
    "doctor": "cli.doctor",
    "samples": "cli.samples",
    "bench": "cli.bench",
    "simulate": "cli.simulate",
}


class LazyVerbs(TyperGroup):
    """Imports a verb's module only when that verb, or the help page, is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer calls it so
        """Return the verbs in the order in which a newcomer needs them."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer calls it so
        """Return a verb; None where there is no such verb."""
        if cmd_name not in MODULES:
            return None
        loaded = typer.main.get_command(import_module(MODULES[cmd_name]).app)
        loaded.name = cmd_name
        # A module with one verb is that verb; one with several is asked for the one it names.
        return loaded.commands.get(cmd_name, loaded) if isinstance(loaded, TyperGroup) else loaded


app = typer.Typer(
    cls=LazyVerbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="QuetBill: photograph a receipt, earn points by brand.",
)


@app.callback()
def quetbill() -> None:
    """QuetBill: photograph a receipt, earn points by brand."""


if __name__ == "__main__":
    app()
