"""The `quetbill` command: each verb lives in a file of its group, loaded when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from infra.settings import unknown_names, where

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
    "receipts": "cli.receipts",
    "uploads": "cli.uploads",
    "import": "cli.imports",
    "privacy": "cli.privacy",
    "doctor": "cli.doctor",
    "samples": "cli.samples",
    "bench": "cli.bench",
    "simulate": "cli.simulate",
    "ledger": "cli.ledger",
    "insight": "cli.insight",
    "secret": "cli.secret",
    "backup": "cli.backup",
    "restore": "cli.backup",
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

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; what an operator can put right is said in a sentence, not as a traceback."""
        try:
            return super().invoke(ctx)
        except _foreseen() as error:
            if not _is_for_operators(error):
                raise
            print(f"quetbill: {_sentence(error)}", file=sys.stderr)
            raise SystemExit(1) from None


def _foreseen() -> tuple[type[Exception], ...]:
    # Looked up when something went wrong: reading a picture needs none of these.
    from pydantic import ValidationError  # noqa: PLC0415
    from redis.exceptions import ConnectionError as RedisAwayError  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError  # noqa: PLC0415

    return ValidationError, RedisAwayError, ArgumentError, OperationalError, ProgrammingError


def _is_for_operators(error: Exception) -> bool:
    """Say whether an error is about the machine; a statement that the database can't take is a bug."""
    cause = type(getattr(error, "orig", None)).__name__
    return type(error).__name__ != "ProgrammingError" or cause in {"UndefinedTable", "UndefinedColumn"}


def _sentence(error: Exception) -> str:
    """Say what went wrong and what to do. Addresses carry passwords, so none is said whole."""
    kind = type(error).__name__
    if kind == "ValidationError":
        faults: list[dict[str, Any]] = getattr(error, "errors", list)()
        named = ", ".join(f"QUETBILL_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults)
        return f"A setting is not right. {named}."
    if kind in {"ConnectionError", "AuthenticationError"}:
        return f"Redis does not answer at {where('redis_url')}. Start it, or set QUETBILL_REDIS_URL."
    if kind in {"ArgumentError", "NoSuchModuleError"}:
        return "QUETBILL_DATABASE_URL is no address of a PostgreSQL, such as postgresql://user@host/name."
    if kind == "ProgrammingError":
        return "The database's schema is not this release's. Run `quetbill migrate`."
    return f"The database does not answer at {where('database_url')}. Start it, or set QUETBILL_DATABASE_URL."


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
    for name, nearest in unknown_names():
        meant = f" Did you mean {nearest}?" if nearest else ""
        print(f"quetbill: {name} is no setting and is not looked at.{meant}", file=sys.stderr)


if __name__ == "__main__":
    app()
