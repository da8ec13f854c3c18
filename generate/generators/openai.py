"""Answers written by a language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import time
from collections.abc import Generator as Generation
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from generate.accounting import ACCOUNTS
from generate.breaker import CircuitBreaker, breaker_of
from generate.contract import (
    Answer,
    Event,
    GeneratorUnavailable,
    Outline,
    Passage,
    TextDelta,
    Usage,
)
from generate.prompt import Prompt, build, estimate_tokens
from generate.retrying import is_transient, pause_s
from generate.stopping import Stopped, is_stopped, stop_in_force
from generate.thinking import spoken
from index.graph.pipeline import Prices
from ingest.contract import Completion

if TYPE_CHECKING:
    import ssl

    import openai
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

_SHOWN = 200  # characters of a server's own message that are passed on


@dataclass(frozen=True)
class OpenAIGenerator:
    """Any server that speaks `/chat/completions` with streaming (OpenAI, vLLM, Ollama, ...).

    `base_url` ends in `/v1` as a rule. `connect_timeout_s` bounds the connection,
    `first_token_s` the wait for the first piece (and each later one), `timeout_s` each wait for the
    next piece, `total_timeout_s` the whole answer, tries again included. A passing failure is tried
    again `max_retries` times, with growing pauses or as the server says. After
    `breaker_failures` failures in a row the endpoint is not asked for `breaker_rest_s` seconds.
    `context_tokens` is the model's window, of which `max_tokens` are left for the answer. A
    `temperature` of None is not sent: some models refuse it. `token_limit` names the field that
    the server knows, "max_tokens" or "max_completion_tokens". The prices are of a million tokens
    read and written.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    first_token_s: float = 60.0
    total_timeout_s: float = 300.0
    max_retries: int = 2
    breaker_failures: int = 5
    breaker_rest_s: float = 30.0
    temperature: float | None = 0.0
    max_tokens: int = 1024
    context_tokens: int = 8192
    token_limit: str = "max_tokens"
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("model must be given, for example 'qwen2.5:7b'")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://, not {self.base_url!r}")
        times = (self.timeout_s, self.connect_timeout_s, self.first_token_s, self.total_timeout_s)
        if min(times) <= 0 or self.max_retries < 0:
            raise ValueError("timeouts must be positive and max_retries not negative")
        if self.breaker_failures < 1 or self.breaker_rest_s <= 0:
            raise ValueError("breaker_failures and breaker_rest_s must be positive")
        if not 0 < self.max_tokens < self.context_tokens:
            raise ValueError("max_tokens must be positive and less than context_tokens")
        if self.token_limit not in ("max_tokens", "max_completion_tokens"):
            raise ValueError("token_limit must be 'max_tokens' or 'max_completion_tokens'")

    @property
    def name(self) -> str:
        return f"openai:{self.model}"

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        """Pieces as the model writes them, then the answer, its marks not yet checked.

        Raises GeneratorUnavailable where the endpoint cannot be reached, refuses, is too slow,
        breaks off, or answers with something else than a completion.
        """
        prompt = build(question, passages, self.context_tokens - self.max_tokens)
        if prompt.outline:
            yield Outline(prompt.outline)
        call = _Call(prompt)
        pieces: list[str] = []
        with closing(self._said(call)) as deltas:
            for piece in deltas:
                pieces.append(piece)
                yield TextDelta(piece)
        text = "".join(pieces).strip()
        if not text:
            raise GeneratorUnavailable(
                f"{self._where} gave an empty answer ({call.finish}); a reasoning model may need a "
                f"larger max_tokens than {self.max_tokens}"
            )
        notes = []
        if call.finish == "length":
            notes.append(f"the answer was cut at {self.max_tokens} tokens (max_tokens)")
        if len(prompt.used) < len(passages) or prompt.cut:
            notes.append(
                f"{len(prompt.used)} of {len(passages)} passages fitted into the prompt"
                f"{', the last one cut' if prompt.cut else ''} (context_tokens)"
            )
        yield Answer(text, (), True, self.name, notes=tuple(notes), usage=self._usage(call))

    def complete(
        self, instruction: str, max_tokens: int | None = None, timeout_s: float | None = None
    ) -> Completion:
        """The model's answer to one message, of at most `max_tokens` and within `timeout_s`,
        where these are given; it is then asked once. Raises GeneratorUnavailable as `stream`
        does."""
        limited = self
        if max_tokens is not None:
            limited = replace(limited, max_tokens=min(max_tokens, self.max_tokens))
        if timeout_s is not None:
            limited = replace(
                limited, timeout_s=timeout_s, total_timeout_s=timeout_s, max_retries=0
            )
        call = _Call(Prompt("", instruction, (), False))
        text = "".join(limited._said(call)).strip()
        is_cut = call.finish == "length"
        if call.usage is None:
            return Completion(text, is_cut=is_cut)
        return Completion(text, call.usage.prompt_tokens, call.usage.completion_tokens, is_cut)

    @property
    def _where(self) -> str:
        return f"the language model {self.model!r} at {self.base_url}"

    @property
    def _breaker(self) -> CircuitBreaker:
        return breaker_of(self.base_url, self.breaker_failures, self.breaker_rest_s)

    def _said(self, call: _Call) -> Generation[str, None, None]:
        """What the model says aloud, with the books kept: the breaker learns what came of it, and
        the accounts what it took. Raises GeneratorUnavailable."""
        breaker = self._breaker
        if not breaker.admits():
            raise GeneratorUnavailable(
                f"{self._where} has failed {self.breaker_failures} times in a row and is not asked "
                f"again for {breaker.rests_s:.0f} s; the last time: {breaker.reason}"
            )
        try:
            with closing(self._pieces(call)) as pieces:
                yield from spoken(pieces)
        except GeneratorUnavailable as error:
            if is_stopped():  # whoever listened has gone, and the line was cut
                breaker.left()
                ACCOUNTS.spent(self.name, self._usage(call))
                raise Stopped from error
            ACCOUNTS.failed(self.name)
            if call.is_transient:
                breaker.failed(str(error))
            else:
                breaker.succeeded()  # it is there, and refuses
            raise
        except BaseException:  # whoever listened has gone
            breaker.left()
            ACCOUNTS.spent(self.name, self._usage(call))
            raise
        breaker.succeeded()
        ACCOUNTS.spent(self.name, self._usage(call))

    def _usage(self, call: _Call) -> Usage:
        """What a call took, by the server's count, or else estimated."""
        counted = call.usage
        if counted is not None:
            read, written = counted.prompt_tokens, counted.completion_tokens
        else:
            read = estimate_tokens(call.prompt.system) + estimate_tokens(call.prompt.user)
            written = estimate_tokens("".join(call.written))
        cost = None if self.prices == Prices() else self.prices.of(read, written)
        return Usage(1, read, written, counted is None, cost)

    def _pieces(self, call: _Call) -> Generation[str, None, None]:
        """Content deltas; the rest of what the server says comes to stand in the call. Closing it
        closes the connection."""
        import openai

        limits = openai.Timeout(
            min(self.timeout_s, self.first_token_s), connect=self.connect_timeout_s
        )
        try:
            with (
                openai.OpenAI(
                    base_url=self.base_url,
                    api_key=self.api_key or "none",
                    timeout=limits,
                    max_retries=0,
                    http_client=_http_client(),
                ) as client,
                self._opened(client, call) as stream,
            ):
                for chunk in stream:
                    self._check_time(call)
                    if chunk.usage is not None:
                        call.usage = chunk.usage
                    for choice in chunk.choices or ():
                        if choice.delta is not None and choice.delta.content:
                            call.written.append(choice.delta.content)
                            yield choice.delta.content
                        if choice.finish_reason:
                            call.finish = choice.finish_reason
            self._check_ended(call)
        except openai.OpenAIError as error:
            call.is_transient = is_transient(getattr(error, "status_code", None))
            raise GeneratorUnavailable(self._advice(error, bool(call.written))) from error
        except _transport_errors() as error:
            if "Timeout" in type(error).__name__:
                raise GeneratorUnavailable(self._too_slow(call)) from error
            raise GeneratorUnavailable(
                f"{self._where} broke off in the middle of its answer: {error}"
            ) from error
        except (AttributeError, TypeError, ValueError) as error:
            call.is_transient = False
            raise GeneratorUnavailable(
                f"{self._where} answered with something that is no chat completion ({error}); "
                "check base_url, which ends in /v1 as a rule"
            ) from error

    def _opened(self, client: openai.OpenAI, call: _Call) -> openai.Stream[ChatCompletionChunk]:
        """The answer as it begins to come, after as many tries as it needs and may have."""
        import openai

        attempt = 0
        while True:
            call.begun = time.monotonic()
            try:
                stream: openai.Stream[ChatCompletionChunk] = client.chat.completions.create(
                    model=self.model,
                    messages=_messages(call.prompt),
                    stream=True,
                    **self._options(call),
                )
                return stream  # noqa: TRY300
            except openai.OpenAIError as error:
                status = getattr(error, "status_code", None)
                if status == 400 and call.counts and "stream_options" in str(error):
                    call.counts = False
                    continue
                attempt += 1
                response = getattr(error, "response", None)
                pause = pause_s(attempt, response.headers if response is not None else {})
                late = pause is None or time.monotonic() + pause > call.started + (
                    self.total_timeout_s
                )
                if attempt > self.max_retries or late or not is_transient(status) or is_stopped():
                    raise
                time.sleep(pause or 0.0)

    def _options(self, call: _Call) -> dict[str, Any]:
        options: dict[str, Any] = {self.token_limit: self.max_tokens}
        if call.counts:
            options["stream_options"] = {"include_usage": True}
        if self.temperature is not None:
            options["temperature"] = self.temperature
        return options

    def _check_ended(self, call: _Call) -> None:
        if not call.finish:
            raise GeneratorUnavailable(f"{self._where} broke off in the middle of its answer")

    def _check_time(self, call: _Call) -> None:
        """Raises GeneratorUnavailable where the answer has taken too long to begin, or to end."""
        now = time.monotonic()
        if now > call.started + self.total_timeout_s:
            raise GeneratorUnavailable(
                f"{self._where} took more than {self.total_timeout_s:g} s for its "
                "answer; raise total_timeout_s or ask a faster model"
            )
        if not call.written and now > call.begun + self.first_token_s:
            raise GeneratorUnavailable(self._too_slow(call))

    def _too_slow(self, call: _Call) -> str:
        if not call.written and self.first_token_s < self.timeout_s:
            return (
                f"{self._where} did not begin its answer in {self.first_token_s:g} s; raise "
                "first_token_s or ask a faster model"
            )
        return f"{self._where} did not answer in {self.timeout_s:g} s; raise timeout_s"

    def _advice(self, error: openai.OpenAIError, begun: bool) -> str:
        """What happened and what to do, for each thing that can go wrong. `begun` says that
        pieces had arrived."""
        import openai

        said = str(error)[:_SHOWN]
        if isinstance(error, openai.APITimeoutError):
            return self._too_slow(_Call(Prompt("", "", (), False), written=["x"] * begun))
        if isinstance(error, openai.APIConnectionError) and begun:
            return f"{self._where} broke off in the middle of its answer; ask again"
        if isinstance(error, openai.APIConnectionError):
            return f"{self._where} cannot be reached; is it running, and is base_url right?"
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return f"{self._where} refuses the api_key; give a valid one ({said})"
        if isinstance(error, openai.RateLimitError):
            return f"{self._where} is over its rate limit or quota; try later ({said})"
        if isinstance(error, openai.NotFoundError):
            return f"{self._where} was not found; check model and base_url ({said})"
        if isinstance(error, openai.BadRequestError):
            return (
                f"{self._where} refuses the request ({said}); a smaller context_tokens, "
                "temperature None or another token_limit may help"
            )
        return f"{self._where} failed: {said}"


def _http_client() -> Any:
    """A client whose connections end when the Stop in force is set, where one is."""
    import openai

    stop = stop_in_force()
    hooks = {} if stop is None else {"request": [stop.follow]}
    return openai.DefaultHttpxClient(event_hooks=hooks, verify=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that servers are checked by, as the library of the openai client has them.
    Reading them takes longer than anything else that a call does here."""
    import openai

    library = openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    found: ssl.SSLContext = import_module(library).create_ssl_context()
    return found


@dataclass
class _Call:
    """A request under way and what is known of it: whether the server is asked to count tokens,
    when it was `started` and its last try `begun`, what was `written` so far, why it ended
    (`finish`, empty before), the server's count, and whether a failure may pass by itself."""

    prompt: Prompt
    counts: bool = True
    started: float = field(default_factory=time.monotonic)
    begun: float = field(default_factory=time.monotonic)
    written: list[str] = field(default_factory=list)
    finish: str = ""
    usage: CompletionUsage | None = None
    is_transient: bool = True


def _messages(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    """What is sent: the system's message, where there is one, and the user's."""
    user: ChatCompletionMessageParam = {"role": "user", "content": prompt.user}
    return [{"role": "system", "content": prompt.system}, user] if prompt.system else [user]


def _transport_errors() -> tuple[type[Exception], ...]:
    """What the openai client lets through while a stream is read. It sits on httpx or, since
    3.0, on httpx2."""
    names = [name for name in ("httpx", "httpx2") if find_spec(name) is not None]
    return tuple(import_module(name).HTTPError for name in names)
