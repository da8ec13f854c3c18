"""The tools over MCP, the Model Context Protocol: by streamable HTTP at /mcp of the service, and
over stdin and stdout for a client that starts `braid mcp` itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from anyio import to_thread
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from api.access import LOCAL, Caller, Role
from api.doors.tools import TOOLS, Desk, Said
from api.gateway import Gateway
from api.rest.lanes import Lanes
from api.rest.problems import problem_of, response_of
from api.rest.service import Service
from api.version import version
from ingest.contract import BraidError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp_types import CallToolResult

PATH = "/mcp"

_INSTRUCTIONS = (
    "Braid searches and answers from collections of documents, in Chinese and English. Answers "
    "have marks [n] of the passages that support them: keep them, and name document and page."
)
_log = structlog.get_logger("braid.mcp")


def server_of(desk: Callable[[], Awaitable[Desk]], caller: Callable[[Any], Caller]) -> Server[Any]:
    """A server of the tools; `caller` tells who asks by the HTTP request (None over stdio)."""
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp_types import INVALID_PARAMS, ListToolsResult, ToolAnnotations
    from mcp_types import Tool as Offered

    async def listed(_: Any, __: Any) -> ListToolsResult:
        return ListToolsResult(
            tools=[
                Offered(
                    name=tool.name,
                    title=tool.title,
                    description=tool.description,
                    input_schema=tool.takes.model_json_schema(),
                    output_schema=tool.gives.model_json_schema(mode="serialization"),
                    annotations=ToolAnnotations(
                        read_only_hint=tool.name != "braid_ask",
                        destructive_hint=False,
                        open_world_hint=False,
                    ),
                )
                for tool in TOOLS.values()
            ]
        )

    async def called(context: Any, given: Any) -> CallToolResult:
        tool = TOOLS.get(given.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"there is no tool {given.name!r}")
        try:
            taken = tool.takes.model_validate(given.arguments or {})
            return _result(await tool.run(await desk(), caller(context.request), taken))
        except ValidationError as error:
            faults = (
                f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
                for one in error.errors()
            )
            return _failure("; ".join(faults))
        except BraidError as error:
            return _failure(str(error))
        except Exception:
            _log.exception("tool failed", tool=tool.name)
            return _failure("something went wrong inside Braid; its log has the details")

    return Server(
        "braid",
        title="Braid",
        version=version(),
        instructions=_INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def _result(said: Said) -> CallToolResult:
    from mcp_types import CallToolResult, TextContent

    return CallToolResult(
        content=[TextContent(text=said.text)], structured_content=said.data.model_dump(mode="json")
    )


def _failure(message: str) -> CallToolResult:
    from mcp_types import CallToolResult, TextContent

    return CallToolResult(content=[TextContent(text=message)], is_error=True)


class McpDoor:
    """The tools by streamable HTTP. No session is kept, so that any worker can answer. Who asks, by
    which name of the server and from which page, the middleware has looked at as for every path;
    whoever may read no collection is not let in."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Requests are answered until the block ends."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        async def desk() -> Desk:
            service = self._service
            return Desk(await to_thread.run_sync(service.gateway), service.lanes)

        def caller(request: Any) -> Caller:
            found = request.scope["state"]["caller"]
            assert isinstance(found, Caller)
            return found

        self._manager = StreamableHTTPSessionManager(
            server_of(desk, caller),
            stateless=True,
        )
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"]
        if not state["caller"].may_anywhere(Role.READ):
            detail = f"this needs a key with the role '{Role.READ}' on some collection"
            problem = problem_of(403, detail, PATH, state["request_id"])
            await response_of(problem)(scope, receive, send)
            return
        assert self._manager is not None, "the application has not started"
        await self._manager.handle_request(scope, receive, send)


async def serve_stdio(gateway: Gateway) -> None:
    """Serves whoever holds the other ends of stdin and stdout, until they are closed."""
    from mcp.server.lowlevel import NotificationOptions
    from mcp.server.stdio import stdio_server

    desk = Desk(gateway, Lanes.of(gateway.braid.settings.server))

    async def ready() -> Desk:
        return desk

    server = server_of(ready, lambda _: LOCAL)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options(NotificationOptions()))
