"""Loops over arrays, compiled by numba: without the interpreter, most without its lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_TYPES = {
    "?": "boolean",
    "u1": "uint8",
    "u2": "uint16",
    "u8": "uint64",
    "i4": "int32",
    "i8": "int64",
    "f4": "float32",
}


def compiled(
    *arguments: str, reassociates: bool = False, is_quick: bool = False
) -> Callable[[_F], _F]:
    """Compiles a function of arrays and numbers for the given types: those of NumPy ("i8": int64),
    with "[]" for an array that is read, "[]=" for one that is written, "[,]" for one of two
    dimensions; arrays are contiguous. What was compiled is kept beside the module, or else in the
    user's cache; where neither can be written, each process compiles it. One that `reassociates`
    may add up in another order than is written, several numbers at once. One that is quick keeps
    the interpreter's lock: among busy threads, getting it back takes longer."""
    import numba

    types = tuple(map(_type_of, arguments))
    options: dict[str, Any] = {"nogil": not is_quick}
    if reassociates:
        options["fastmath"] = {"reassoc", "contract", "nsz"}

    def decorated(function: _F) -> _F:
        try:
            made: Any = numba.njit(types, cache=True, **options)(function)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            made = numba.njit(types, **options)(function)
        compiled_function: _F = made
        return compiled_function

    return decorated


def _type_of(argument: str) -> Any:
    from numba import types

    name, bracket, shape = argument.partition("[")
    scalar = getattr(types, _TYPES[name])
    if not bracket:
        return scalar
    return types.Array(scalar, 1 + shape.count(","), "C", readonly=not shape.endswith("="))
