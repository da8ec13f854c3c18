"""Answers written by a language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from generate.contract import Answer, Event, GeneratorUnavailable, Passage, TextDelta
from generate.prompt import Prompt, build
from generate.thinking import spoken
from ingest.contract import Completion

if TYPE_CHECKING:
    import openai
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionMessageParam

_SHOWN = 200  # characters of a server's own message that are passed on


@dataclass(frozen=True)
class OpenAIGenerator:
    """Any server that speaks `/chat/completions` with streaming (OpenAI, vLLM, Ollama, ...).

    `base_url` ends in `/v1` as a rule. `timeout_s` bounds the connection and each wait for the
    next piece, `total_timeout_s` the whole answer. `context_tokens` is the model's window, of
    which `max_tokens` are left for the answer. A `temperature` of None is not sent: some models
    refuse it. `token_limit` names the field that the server knows, "max_tokens" or
    "max_completion_tokens".
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    total_timeout_s: float = 300.0
    max_retries: int = 2
    temperature: float | None = 0.0
    max_tokens: int = 1024
    context_tokens: int = 8192
    token_limit: str = "max_tokens"

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("model must be given, for example 'qwen2.5:7b'")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://, not {self.base_url!r}")
        if self.timeout_s <= 0 or self.total_timeout_s <= 0 or self.max_retries < 0:
            raise ValueError("timeouts must be positive and max_retries not negative")
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
        finish: list[str] = []
        pieces: list[str] = []
        for piece in spoken(self._pieces(prompt, finish)):
            pieces.append(piece)
            yield TextDelta(piece)
        text = "".join(pieces).strip()
        if not finish:
            raise GeneratorUnavailable(f"{self._where} broke off in the middle of its answer")
        if not text:
            raise GeneratorUnavailable(
                f"{self._where} gave an empty answer ({finish[-1]}); a reasoning model may need a "
                f"larger max_tokens than {self.max_tokens}"
            )
        notes = []
        if finish[-1] == "length":
            notes.append(f"the answer was cut at {self.max_tokens} tokens (max_tokens)")
        if len(prompt.used) < len(passages) or prompt.cut:
            notes.append(
                f"{len(prompt.used)} of {len(passages)} passages fitted into the prompt"
                f"{', the last one cut' if prompt.cut else ''} (context_tokens)"
            )
        yield Answer(text, (), True, self.name, notes=tuple(notes))

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
        try:
            return limited._completion(instruction, [])
        except GeneratorUnavailable as error:
            if "stream_options" not in str(error):
                raise
            return limited._completion(instruction, None)

    def _completion(self, instruction: str, usage: list[CompletionUsage] | None) -> Completion:
        finish: list[str] = []
        prompt = Prompt("", instruction, (), False)
        text = "".join(spoken(self._pieces(prompt, finish, usage))).strip()
        if not finish:
            raise GeneratorUnavailable(f"{self._where} broke off in the middle of its answer")
        is_cut = finish[-1] == "length"
        if not usage:
            return Completion(text, is_cut=is_cut)
        return Completion(text, usage[-1].prompt_tokens, usage[-1].completion_tokens, is_cut)

    @property
    def _where(self) -> str:
        return f"the language model {self.model!r} at {self.base_url}"

    def _pieces(
        self, prompt: Prompt, finish: list[str], usage: list[CompletionUsage] | None = None
    ) -> Iterator[str]:
        """Content deltas; the reason for the end is appended to `finish`, and how many tokens
        were read and written to `usage`, where that is given and the server says it."""
        import openai

        options: dict[str, Any] = {self.token_limit: self.max_tokens}
        if usage is not None:
            options["stream_options"] = {"include_usage": True}
        if self.temperature is not None:
            options["temperature"] = self.temperature
        deadline = time.monotonic() + self.total_timeout_s
        begun = False
        try:
            with (
                openai.OpenAI(
                    base_url=self.base_url,
                    api_key=self.api_key or "none",
                    timeout=self.timeout_s,
                    max_retries=self.max_retries,
                ) as client,
                client.chat.completions.create(
                    model=self.model,
                    messages=_messages(prompt),
                    stream=True,
                    **options,
                ) as stream,
            ):
                for chunk in stream:
                    begun = True
                    if time.monotonic() > deadline:
                        raise GeneratorUnavailable(
                            f"{self._where} took more than {self.total_timeout_s:g} s for its "
                            "answer; raise total_timeout_s or ask a faster model"
                        )
                    if usage is not None and chunk.usage is not None:
                        usage.append(chunk.usage)
                    for choice in chunk.choices or ():
                        if choice.delta is not None and choice.delta.content:
                            yield choice.delta.content
                        if choice.finish_reason:
                            finish.append(choice.finish_reason)
        except openai.OpenAIError as error:
            raise GeneratorUnavailable(self._advice(error, begun)) from error
        except _transport_errors() as error:
            raise GeneratorUnavailable(
                f"{self._where} broke off in the middle of its answer: {error}"
            ) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise GeneratorUnavailable(
                f"{self._where} answered with something that is no chat completion ({error}); "
                "check base_url, which ends in /v1 as a rule"
            ) from error

    def _advice(self, error: openai.OpenAIError, begun: bool) -> str:
        """What happened and what to do, for each thing that can go wrong. `begun` says that
        pieces had arrived."""
        import openai

        said = str(error)[:_SHOWN]
        if isinstance(error, openai.APITimeoutError):
            return f"{self._where} did not answer in {self.timeout_s:g} s; raise timeout_s"
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


def _messages(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    """What is sent: the system's message, where there is one, and the user's."""
    user: ChatCompletionMessageParam = {"role": "user", "content": prompt.user}
    return [{"role": "system", "content": prompt.system}, user] if prompt.system else [user]


def _transport_errors() -> tuple[type[Exception], ...]:
    """What the openai client lets through while a stream is read. It sits on httpx or, since
    3.0, on httpx2."""
    names = [name for name in ("httpx", "httpx2") if find_spec(name) is not None]
    return tuple(import_module(name).HTTPError for name in names)
