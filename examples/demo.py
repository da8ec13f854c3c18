"""What `make demo` runs: the sample corpus into a collection, a server over it, questions over
REST, answers with citations. A second run finds the documents and the server as they are."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent
DATA = Path(os.environ.get("BRAID_DATA_DIR", ".demo/data")).resolve()
STATE = DATA.parent / "server.json"
LOG = DATA.parent / "server.log"
BRAID = [sys.executable, "-c", "from api.cli import main; main()"]
START_LIMIT_S = 300
QUESTIONS = (
    "What is the part number of the mechanical seal kit for the AV-220?",
    "How do I get an access token for the TideLink API?",
    "紧急采购的口头批准最多多少金额？",
    "台湾离心泵的保固期是多长？",
    "有人误喝了Aldercool 40，医院里用什么解毒？",
)


def main() -> None:
    """Ingests, serves, asks."""
    DATA.mkdir(parents=True, exist_ok=True)
    print("Reading the sample corpus (the first time, the embedding model is unpacked) ...")
    subprocess.run([*BRAID, "ingest", str(EXAMPLES / "corpus"), "-c", "demo"], check=True)
    address = running_server() or start_server()
    for question in QUESTIONS:
        show(question, post(f"{address}/v1/collections/demo/query", {"query": question}))
    print(f"\nThe server is up: open {address}/docs to try it.")
    print("Stop it with: make demo-stop")


def show(question: str, answer: dict[str, Any]) -> None:
    """Prints an answer with the places that it cites."""
    print(f"\n> {question}\n{answer['answer']}")
    shown = set()
    for citation in answer["citations"]:
        if citation["number"] not in shown:
            shown.add(citation["number"])
            pages = citation.get("pages")
            page = f", page {pages[0]}" if pages else ""
            headings = " > ".join(citation["heading_path"])
            print(f"  [{citation['number']}] {citation['document_id']}{page}  {headings}")


def running_server() -> str | None:
    """The address of the server of an earlier run, where it still answers."""
    try:
        address: str = json.loads(STATE.read_text())["address"]
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return address
    except (OSError, ValueError, KeyError):
        return None


def start_server() -> str:
    """Starts a server that goes on after this program, and waits until it is ready."""
    port = free_port(8080)
    address = f"http://127.0.0.1:{port}"
    with LOG.open("ab") as log:
        server = subprocess.Popen(
            [*BRAID, "serve", "--port", str(port)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    STATE.write_text(json.dumps({"address": address, "pid": server.pid}))
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"the server stopped with code {server.returncode}; see {LOG}")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as response:
                if json.load(response)["status"] == "ok":
                    return address
        except OSError:
            pass
        time.sleep(0.2)
    server.terminate()
    sys.exit(f"the server was not ready after {START_LIMIT_S} s; see {LOG}")


def stop() -> None:
    """Ends the server of an earlier run."""
    if running_server() is None:
        print("no server of the demo is running")
    else:
        os.kill(json.loads(STATE.read_text())["pid"], signal.SIGTERM)
    STATE.unlink(missing_ok=True)


def free_port(wanted: int) -> int:
    """The port wanted, or any free one where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON answer to a JSON request."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        sys.exit(f"{url} answered {error.code}: {error.read().decode(errors='replace')}")


if __name__ == "__main__":
    stop() if sys.argv[1:] == ["--stop"] else main()
