"""Which language a source file is in, and where its grammar is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

GRAMMARS: Mapping[str, tuple[str, str]] = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "bash": ("tree_sitter_bash", "language"),
}
"""Module and function of the grammar of each language that is read by its syntax tree."""

_SUFFIXES: Mapping[str, str] = {
    **dict.fromkeys(("py", "pyi", "pyw", "ipy", "pyx", "pxd", "bzl"), "python"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "javascript"),
    "ts": "typescript", "tsx": "tsx", "java": "java", "go": "go", "rs": "rust", "c": "c",
    **dict.fromkeys(("h", "cc", "cpp", "cxx", "hpp", "hh", "hxx", "cu", "cuh"), "cpp"),
    "cs": "csharp", "rb": "ruby", "php": "php",
    **dict.fromkeys(("sh", "bash", "zsh", "ksh"), "bash"),
    **dict.fromkeys(("yaml", "yml"), "yaml"), "toml": "toml",
    **dict.fromkeys(("ini", "cfg", "conf", "properties", "env"), "ini"),
    "kt": "kotlin", "kts": "kotlin", "m": "objective-c", "mm": "objective-c", "pl": "perl",
    "pm": "perl", "jl": "julia", "ex": "elixir", "exs": "elixir", "erl": "erlang",
    "hs": "haskell", "ml": "ocaml", "fs": "fsharp", "clj": "clojure", "f90": "fortran",
    "vb": "visual-basic", "ps1": "powershell", "bat": "batch", "cmd": "batch", "v": "verilog",
    "sv": "verilog", "vhd": "vhdl", "tf": "hcl", "gql": "graphql", "mk": "makefile",
}  # fmt: skip
_NAMES: Mapping[str, str] = {
    "makefile": "makefile", "gnumakefile": "makefile", "dockerfile": "dockerfile",
    "containerfile": "dockerfile", "jenkinsfile": "groovy", "vagrantfile": "ruby",
    "rakefile": "ruby", "gemfile": "ruby", "cmakelists.txt": "cmake", "sconstruct": "python",
    ".env": "ini",
}  # fmt: skip
_SHEBANG = re.compile(r"#!.*?\b(python|node|ruby|php|bash|sh|zsh|perl|deno|lua|awk)\d*")
_INTERPRETERS = {"node": "javascript", "deno": "typescript", "sh": "bash", "zsh": "bash"}
_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (language, re.compile("|".join(patterns), re.MULTILINE))
    for language, patterns in (
        ("php", (r"\A\s*<\?php",)),
        ("go", (r"^package \w+\s*$",)),
        ("java", (r"^import java", r"^package [\w.]+;", r"^public (?:final |abstract )?class")),
        ("cpp", (r"^#include\s*<(?:iostream|vector|string|map|memory)>", r"^template\s*<",
                 r"^class \w+\s*\{", r"^using namespace ")),
        ("c", (r"^#\s*include\s*[<\"]",)),
        ("csharp", (r"^using [\w.]+;", r"^namespace [\w.]+\s*[;{]?\s*$")),
        ("rust", (r"^(?:pub )?fn \w+", r"^use (?:std|crate)::", r"^impl\b")),
        ("python", (r"^from [\w.]+ import ", r"^import \w+(?:\.\w+)*(?: as \w+)?$",
                    r"^(?:async )?def \w+\(.*\).*:\s*$", r"^class \w+.*:\s*$")),
        ("ruby", (r"^require ['\"]", r"^module [A-Z]\w*\s*$", r"^def \w+[^:\n]*$")),
        ("typescript", (r"^(?:export )?(?:interface|type) \w+.*[={]", r"^(?:const|let) \w+: \w")),
        ("javascript", (r"^export ", r"^import .* from ", r"^(?:async )?function\s*\w*\(",
                        r"^(?:const|let|var) \w+ =")),
        ("sql", (r"(?:CREATE|create) (?:(?:OR REPLACE|or replace) )?(?:TABLE|VIEW|table|view)\b",
                 r"^(?:SELECT .* FROM|select .* from|INSERT INTO|insert into)\b")),
    )
)  # fmt: skip


def language_of_code(text: str, name: str) -> str:
    """The language by the file's name, its first line, or how it reads; "" where none tells."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    if path.name in _NAMES or path.name.startswith("dockerfile."):
        return _NAMES.get(path.name, "dockerfile")
    suffix = path.suffix.lstrip(".")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix and suffix not in ("txt", "text", "in", "inc", "log"):
        return suffix
    head = text[:20_000]
    shebang = _SHEBANG.match(head)
    if shebang:
        return _INTERPRETERS.get(shebang[1], shebang[1])
    return next((language for language, sign in _SIGNS if sign.search(head)), "")
