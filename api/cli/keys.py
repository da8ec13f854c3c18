"""braid keys create, list, revoke; braid audit."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import DataOption, JsonOption, errors_shown, print_json, settings_of

if TYPE_CHECKING:
    from api.access import Role
    from api.audit import AuditLog
    from api.keys import Key
    from api.service_store import ServiceStore

app = typer.Typer(help="Keys for those who use the server.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="What the key is for.")],
    role: Annotated[
        str, typer.Option("--role", help="read, write or admin; on the collections named.")
    ] = "read",
    collections: Annotated[
        list[str] | None,
        typer.Option(
            "--collection",
            "-c",
            help="A collection, or papers=write for a role of its own; repeat it for several. "
            "Without one, all, those still to be made among them.",
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            help="An access tag that it holds; repeat it for several. Without one, it sees every "
            "document.",
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="When it ends: 12h, 30d, 8w, or 2027-01-31.")
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key, and print it: this once, as only its hash is kept. From the first key on, the
    server asks everyone for one; one that runs takes notice within three seconds."""
    with errors_shown(as_json):
        from api.access import LOCAL
        from api.keys import KeyRing, NewKey

        grants = _grants(role, collections or ["*"])
        held = frozenset(tags) if tags else None
        new = NewKey(_named(name), grants, held, _moment(expires) if expires else None)
        new.check(LOCAL)
        store = _store(data_dir)
        key, token = KeyRing(store).create(new)
        _note(store, data_dir, "keys create", key.id)
        if as_json:
            print_json({**_plain(key), "token": token})
        else:
            typer.echo(token)
            typer.echo(f"{_line(key)}\nKeep it safe: it is not shown again.", err=True)


@app.command("list")
def list_keys(data_dir: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys, also those that are expired or revoked."""
    with errors_shown(as_json):
        from api.keys import KeyRing

        keys = KeyRing(_store(data_dir)).all()
        if as_json:
            print_json({"keys": [_plain(key) for key in keys]})
        for key in keys if not as_json else ():
            typer.echo(_line(key))


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id of the key.")],
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key: servers that run refuse it within three seconds."""
    with errors_shown(as_json):
        from api.keys import KeyRing

        store = _store(data_dir)
        ring = KeyRing(store)
        ring.revoke(key_id)
        _note(store, data_dir, "keys revoke", key_id)
        if as_json:
            print_json(_plain(ring.get(key_id)))
        else:
            typer.echo(_line(ring.get(key_id)))


def audit(
    limit: Annotated[int, typer.Option(min=1, help="How many entries.")] = 50,
    before: Annotated[int, typer.Option(min=0, help="Only numbers under this.")] = 0,
    key: Annotated[str, typer.Option(help="Only of this key.")] = "",
    collection: Annotated[str, typer.Option("--collection", "-c", help="Only of this one.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="From then.")
    ] = None,
    denied: Annotated[bool, typer.Option("--denied", help="Only what was turned away.")] = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who did what on the server, and who was turned away, newest first; moments in UTC."""
    with errors_shown(as_json):
        from api.audit import Wanted

        at = f"{since.isoformat(timespec='milliseconds')}Z" if since else ""
        wanted = Wanted(key=key, collection=collection, since=at, denied=denied)
        found = _log(_store(data_dir), data_dir).page(wanted, limit, before)
        if as_json:
            from dataclasses import asdict

            print_json({"entries": [{"number": n, **asdict(entry)} for n, entry in found]})
        for number, entry in found if not as_json else ():
            who = entry.key or "nobody"
            typer.echo(
                f"{number:>7} {entry.at} {entry.status} {who:12} {entry.address:15} "
                f"{entry.method} {entry.path}"
            )


def _store(data_dir: Path | None) -> ServiceStore:
    from api.service_store import ServiceStore

    return ServiceStore(settings_of(None, data_dir).data_dir)


def _log(store: ServiceStore, data_dir: Path | None) -> AuditLog:
    from api.audit import AuditLog

    server = settings_of(None, data_dir).server
    return AuditLog(store, server.audit_days, server.audit_rows)


def _note(store: ServiceStore, data_dir: Path | None, command: str, key_id: str) -> None:
    """The command, in the audit log."""
    from datetime import UTC

    from api.audit import Entry, moment

    log = _log(store, data_dir)
    path = f"/v1/keys/{key_id}"
    now = moment(datetime.now(UTC))
    log.keep(Entry(now, "", "cli", "", command, "/v1/keys/{key_id}", path, "", 0))


def _grants(role: str, collections: list[str]) -> dict[str, Role]:
    from api.access import Role
    from ingest.contract import BadInput

    grants = {}
    for given in collections:
        name, _, own = given.partition("=")
        word = own or role
        if word not in list(Role) or not name:
            raise BadInput(
                f"{given if own else role!r} gives no role: there are {', '.join(Role)}, and a "
                "collection with a role of its own is written papers=write"
            )
        grants[name] = Role(word)
    return grants


def _named(name: str) -> str:
    from ingest.contract import BadInput

    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise BadInput("--name: give 1 to 64 characters that can be printed")
    return name


def _moment(text: str) -> datetime:
    from datetime import UTC, timedelta

    from ingest.contract import BadInput

    hours = {"h": 1, "d": 24, "w": 168}
    number, unit = text[:-1], text[-1:]
    try:
        if unit in hours and number.isdecimal():
            return datetime.now(UTC) + timedelta(hours=int(number) * hours[unit])
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise BadInput(
            f"--expires: {text!r} is no time; for example 12h, 30d, 8w or 2027-01-31"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(key: Key) -> dict[str, object]:
    def shown(moment: datetime | None) -> str | None:
        return moment.isoformat().replace("+00:00", "Z") if moment else None

    return {
        "id": key.id,
        "name": key.name,
        "grants": dict(key.grants),
        "tags": None if key.tags is None else sorted(key.tags),
        "state": key.state,
        "created_at": shown(key.created_at),
        "expires_at": shown(key.expires_at),
        "revoked_at": shown(key.revoked_at),
        "used_at": shown(key.used_at),
    }


def _line(key: Key) -> str:
    grants = ", ".join(f"{role} on {name}" for name, role in sorted(key.grants.items()))
    tags = "" if key.tags is None else f"; tags {', '.join(sorted(key.tags))}"
    ends = f"; until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
    return f"{key.id} {key.state} {key.name!r}: {grants}{tags}{ends}"
