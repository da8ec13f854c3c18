"""Whether a text is the text of a program: by its name, its first line, or how it reads."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_SUFFIXES = frozenset(
    """
    .py .pyi .pyw .js .mjs .cjs .jsx .ts .tsx .java .c .h .cc .cpp .cxx .hpp .hh .hxx .cs .go .rs
    .rb .php .swift .kt .kts .scala .sh .bash .zsh .fish .ksh .ps1 .psm1 .bat .cmd .pl .pm .lua .r
    .jl .m .mm .sql .vb .vbs .bas .cls .pas .dart .ex .exs .erl .hrl .hs .ml .mli .fs .fsx .clj
    .cljs .lisp .el .scm .rkt .f .f77 .f90 .f95 .for .asm .s .v .sv .vhd .vhdl .groovy .gradle
    .cmake .mk .mak .proto .thrift .graphql .gql .tf .hcl .vue .svelte .css .scss .sass .less .awk
    .tcl .zig .nim .sol .d .cob .cbl .ada .adb .ads .pro .yaml .yml .toml .ini .cfg .conf
    .properties .env .jsp .asp .aspx .erb .ipy .pyx .pxd .cu .cuh .cl .glsl .hlsl .wat .nix .bzl
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_NAMES = frozenset(
    """
    makefile gnumakefile dockerfile containerfile jenkinsfile vagrantfile rakefile gemfile
    cmakelists.txt build.bazel workspace justfile procfile sconstruct
    """.split()  # noqa: SIM905
)
_SHEBANG = re.compile(r"#!\s*/(?:usr/(?:local/)?)?bin/(?:env\s+)?(?:-\S+\s+)*[\w./+-]+")
_DECLARATION = re.compile(
    r"^\s*(?:"
    r"from [\w.]+ import [\w*(]|import (?:static )?[\w.{*]+[\w.*};, ]*(?:;| as \w+)?$|"
    r"import .+ from ['\"]|(?:async )?def \w+\(.*|class \w+(?:\(.*\))?(?: (?:extends|implements)"
    r" .*)?\s*[:{]|#\s*include\s*[<\"]|#\s*(?:define|ifdef|ifndef|endif|pragma)\b|"
    r"package [\w.]+;?$|using [\w.:]+;|namespace [\w.:\\]+\s*[;{]?$|"
    r"(?:public|private|protected|static|final|export|internal)\s[\w<>\[\], ]+[({;=].*|"
    r"(?:export )?(?:default )?(?:async )?function\s*\w*\(|(?:pub )?fn \w+[(<]|"
    r"func (?:\(.*\) )?\w+\(|"
    r"(?:const|let|var|val) \w+\s*(?::[^=]+)?=|(?:int|void|char|double|float|bool|long|auto)"
    r" \*?\w+\s*\(.*|CREATE (?:OR REPLACE )?(?:TABLE|VIEW|INDEX|FUNCTION|PROCEDURE)\b|"
    r"SELECT .+ FROM\b|INSERT INTO \w+|struct \w+\s*\{|enum \w+\s*\{|@\w+(?:\(.*\))?$|<\?php"
    r")"
)
_STATEMENT = re.compile(
    r"[;{}]\s*(?://.*)?$|^\s*[)\]}]+[;,]?$|^\s*(?:return|raise|throw|break|continue|pass|else|try|"
    r"finally|elif|if|for|while|switch|case|with|except|catch)\b.*[:;{)]?$|^\s*(?://|#|/\*|\*|--)|"
    r"^\s*[\w.\[\]'\"]+\s*[-+*/|&]?=\s*\S|^\s*[\w.]+\(.*\)[;:]?$"
)


def is_named(name: str) -> bool:
    """Whether a file of that name (lower case) is the text of a program or its settings."""
    if name in _NAMES or name.startswith("dockerfile."):
        return True
    return PurePosixPath(name).suffix in _SUFFIXES


def has_shebang(text: str) -> bool:
    """Whether the first line names an interpreter."""
    return _SHEBANG.match(text[:200]) is not None


def looks_like_code(text: str) -> bool:
    """Whether a text with no telling name reads as a program: declarations and, for the most
    part, statements. Prose that quotes a little code does not."""
    if text.startswith("<?php"):
        return True
    lines = [line[:300] for line in text[:20_000].split("\n") if line.strip()]
    if len(lines) < 4:
        return False
    declared = sum(_DECLARATION.match(line) is not None for line in lines)
    if declared < 2:
        return False
    stated = sum(
        _DECLARATION.match(line) is not None or _STATEMENT.search(line) is not None
        for line in lines
    )
    return stated * 5 >= len(lines) * 3
