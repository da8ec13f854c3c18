"""braid serve | mcp | doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.output import (
    FAILED,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    settings_of,
)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer requests.")
    ] = None,
    data_dir: DataOption = None,
) -> None:
    """Run the REST service until it is stopped."""
    with errors_shown(False):
        from api.rest.server import serve as run_server

        settings = settings_of(None, data_dir)
        given = {"host": host, "port": port, "workers": workers}
        changed = {name: value for name, value in given.items() if value is not None}
        server = settings.server.model_copy(update=changed)
        run_server(settings.model_copy(update={"server": server}))


def mcp(data_dir: DataOption = None) -> None:
    """Serve the tools to an MCP client that starts this command, over stdin and stdout.

    The client sees every collection of this machine's settings, as the command line does. A running
    server offers the same tools at /mcp.
    """
    with errors_shown(False), braid_of(None, data_dir) as braid:
        import anyio

        from api.doors.mcp import serve_stdio
        from api.gateway import Gateway
        from api.rest.logs import log_to_stderr
        from api.service_store import ServiceStore

        server = braid.settings.server
        log_to_stderr(server.log_format, server.log_level)
        anyio.run(serve_stdio, Gateway(braid, ServiceStore(braid.settings.data_dir)))


def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended; no server may run.")
    ] = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the settings, the embedding model, the dictionary and every collection.

    All of a catalog is read, and its indexes are compared with it. With --repair, damaged indexes
    are built anew, what can be read of a damaged catalog is saved into a new one (the damaged one
    is kept beside), a catalog that has lost writes is accepted as it stands, and what kills left
    is deleted; each is said.
    """
    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        from api.doctor import examine, mend

        done = mend(braid) if repair else []
        findings = examine(braid)
        if as_json:
            ok = not any(finding.fault for finding in findings)
            print_json({"ok": ok, "repairs": done, "findings": findings})
        for repaired in done if not as_json else ():
            typer.echo(
                f"{'FAULT' if repaired.fault else 'did':6}{repaired.subject}: {repaired.text}"
            )
        for finding in findings if not as_json else ():
            typer.echo(f"{'FAULT' if finding.fault else 'ok':6}{finding.subject}: {finding.text}")
        if any(finding.fault for finding in findings):
            raise typer.Exit(FAILED)
