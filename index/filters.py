"""Metadata filters: Mongo expressions over documents, compiled to SQL.

A field is a key of the document's metadata (dots reach into nested objects), or one of
`document_id`, `title`, `media_type`, `page_count`. Operators: $eq $ne $gt $gte $lt $lte $in
$nin $exists on fields, $and $or $not over expressions. As in MongoDB, a plain value means $eq,
a list in the metadata matches where one of its items does, $ne and $nin hold where the field
is missing, and an order operator compares values of one type only. Not as in MongoDB, $contains,
$startswith and $endswith look for a string in strings, as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.contract import BadInput

_COLUMNS = {
    "document_id": "documents.id",
    "title": "documents.title",
    "media_type": "documents.media_type",
    "page_count": "documents.page_count",
}
_PARENTHESIS = re.compile("[()]")
_ORDER = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_TEXT = {
    "$contains": "instr({value}, {operand}) > 0",
    "$startswith": "substr({value}, 1, length({operand})) = {operand}",
    "$endswith": "substr({value}, -length({operand})) = {operand}",
}
"""As bytes, for SQLite ends a text at its first NUL."""

_FIELD_OPERATORS = ("$eq", "$ne", *_ORDER, "$in", "$nin", "$exists", "$not", *_TEXT)
_MAX_DEPTH = 16
_MAX_PARENTHESES = 24
_CHAIN = 30
"""SQLite's parser has a stack of 100 places, of which a pair of parentheses takes three, and its
expressions have 1,000 levels, of which a link in a chain of ANDs or ORs takes one."""
_MAX_VALUES = 10_000
_MAX_MARKS = 30_000
"""SQLite binds 32,766 values in one statement."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over the table `documents`, with the values of its marks."""

    sql: str
    values: tuple[Any, ...] = ()


def compile_filter(expression: Mapping[str, Any]) -> Condition:
    """Raises BadInput, naming the place, where the expression is not one."""
    condition = _expression(expression, "filter", 0)
    if len(condition.values) > _MAX_MARKS:
        raise BadInput(
            f"filter: {len(condition.values)} values and field names in all; {_MAX_MARKS} at the "
            "most: split it into several searches"
        )
    if _nesting(condition.sql) > _MAX_PARENTHESES:
        raise BadInput("filter: too many long lists within one another: split it into searches")
    return condition


def _nesting(sql: str) -> int:
    """How deep the parentheses go."""
    deepest = depth = 0
    for mark in _PARENTHESIS.findall(sql):
        depth += 1 if mark == "(" else -1
        deepest = max(deepest, depth)
    return deepest


def _expression(expression: Any, place: str, depth: int) -> Condition:
    if depth > _MAX_DEPTH:
        raise BadInput(f"{place}: the filter is nested deeper than {_MAX_DEPTH} levels")
    if not isinstance(expression, Mapping):
        raise BadInput(f'{place}: expected an object such as {{"author": "Li"}}')
    parts: list[Condition] = []
    for key, value in expression.items():
        if key in ("$and", "$or"):
            parts.append(_junction(key, value, place, depth))
        elif key == "$not":
            inner = _expression(value, f"{place}.$not", depth + 1)
            parts.append(Condition(f"NOT ({inner.sql})", inner.values))
        elif key.startswith("$"):
            raise BadInput(
                f"{place}: unknown operator {key!r}; known here: $and, $or, $not, and on a field "
                + ", ".join(_FIELD_OPERATORS)
            )
        else:
            parts.append(_field(key, value, f"{place}.{key}", depth))
    return _join(parts, "AND", empty="1")


def _junction(operator: str, value: Any, place: str, depth: int) -> Condition:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise BadInput(f"{place}.{operator}: expected a list of filters that is not empty")
    parts = [
        _expression(item, f"{place}.{operator}[{i}]", depth + 1) for i, item in enumerate(value)
    ]
    return _join(parts, operator[1:].upper(), empty="1")


def _join(parts: Sequence[Condition], word: str, *, empty: str) -> Condition:
    if not parts:
        return Condition(empty)
    if len(parts) == 1:
        return parts[0]
    while len(parts) > _CHAIN:
        groups = [parts[start : start + _CHAIN] for start in range(0, len(parts), _CHAIN)]
        parts = [_join(group, word, empty=empty) for group in groups]
    sql = f" {word} ".join(f"({part.sql})" for part in parts)
    return Condition(sql, tuple(value for part in parts for value in part.values))


def _field(name: str, value: Any, place: str, depth: int) -> Condition:
    if depth > _MAX_DEPTH:
        raise BadInput(f"{place[:200]}: the filter is nested deeper than {_MAX_DEPTH} levels")
    _check_text(name, place)
    if '"' in name:
        raise BadInput(f"{place}: the name of a field cannot hold a quotation mark")
    if not isinstance(value, Mapping):
        return _operator(name, "$eq", value, place, depth)
    if not value:
        raise BadInput(f"{place}: an empty object is no condition; give a value or an operator")
    parts = [_operator(name, op, operand, f"{place}.{op}", depth) for op, operand in value.items()]
    return _join(parts, "AND", empty="1")


def _operator(name: str, operator: str, operand: Any, place: str, depth: int) -> Condition:
    if operator not in _FIELD_OPERATORS:
        raise BadInput(
            f"{place}: unknown operator {operator!r}; known: {', '.join(_FIELD_OPERATORS)}"
        )
    if operator == "$not":
        inner = _field(name, operand, place, depth + 1)
        return Condition(f"NOT ({inner.sql})", inner.values)
    if operator == "$exists":
        if not isinstance(operand, bool):
            raise BadInput(f"{place}: expected true or false")
        return _exists(name, operand)
    if operator in _ORDER:
        if isinstance(operand, bool) or not isinstance(operand, int | float | str):
            raise BadInput(f"{place}: expected a number or a string to compare with")
        return _any_item(name, [_bindable(operand, place)], _ORDER[operator])
    if operator in _TEXT:
        if not isinstance(operand, str) or not operand:
            raise BadInput(f"{place}: expected a string that is not empty")
        _check_text(operand, place)
        return _holding(name, operator, operand)
    if operator in ("$in", "$nin"):
        if not isinstance(operand, Sequence) or isinstance(operand, str):
            raise BadInput(f"{place}: expected a list of values")
        if len(operand) > _MAX_VALUES:
            raise BadInput(f"{place}: {len(operand)} values; {_MAX_VALUES} at the most")
        operands = list(operand)
    else:
        operands = [operand]
    for item in operands:
        if item is not None and not isinstance(item, str | int | float | bool):
            raise BadInput(f"{place}: expected a string, a number, true, false or null")
    matched = _equal(name, [_bindable(item, place) for item in operands])
    if operator in ("$ne", "$nin"):
        return Condition(f"NOT ({matched.sql})", matched.values)
    return matched


def _bindable(operand: Any, place: str) -> Any:
    """The operand as SQLite takes it: a whole number of over 64 bits as a float, which is what
    the metadata's own become too."""
    if isinstance(operand, str):
        _check_text(operand, place)
    if isinstance(operand, int) and not -(2**63) <= operand < 2**63:
        try:
            return float(operand)
        except OverflowError as error:
            raise BadInput(f"{place}: the number is too large to compare with") from error
    return operand


def _check_text(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = place.encode("utf-8", "replace").decode()
        raise BadInput(f"{shown}: the text holds half of a surrogate pair") from error


def _equal(name: str, operands: Sequence[Any]) -> Condition:
    parts = []
    if any(item is None for item in operands):
        parts.append(_null(name))
    values = [item for item in operands if item is not None]
    if values:
        parts.append(_any_item(name, values, "IN"))
    return _join(parts, "OR", empty="0")


def _any_item(name: str, operands: Sequence[Any], comparison: str) -> Condition:
    """True where the field, or an item of the list that it is, compares so with an operand of
    its own type. "IN" takes any number of operands, an order one."""
    groups: dict[str, list[Any]] = {}
    for operand in operands:
        groups.setdefault(_kind(operand, name in _COLUMNS), []).append(operand)
    value = _COLUMNS.get(name, "item.value")
    kind = f"typeof({value})" if name in _COLUMNS else "item.type"
    tests = []
    values: list[Any] = []
    for wanted, group in groups.items():
        marks = "(" + ", ".join("?" * len(group)) + ")" if comparison == "IN" else "?"
        tests.append(f"({value} {comparison} {marks} AND {kind} IN {wanted})")
        values.extend(int(o) if isinstance(o, bool) else o for o in group)
    sql = " OR ".join(tests)
    if name in _COLUMNS:
        return Condition(sql, tuple(values))
    return _each_item(name, sql, values)


def _holding(name: str, operator: str, operand: str) -> Condition:
    """True where the field, or an item of the list that it is, is a string that has the operand
    there."""
    value = _COLUMNS.get(name, "item.value")
    kind = f"typeof({value})" if name in _COLUMNS else "item.type"
    test = _TEXT[operator].format(value=f"CAST({value} AS BLOB)", operand="CAST(? AS BLOB)")
    values = (operand,) * test.count("?")
    sql = f"{kind} = 'text' AND {test}"
    return Condition(sql, values) if name in _COLUMNS else _each_item(name, sql, values)


def _each_item(name: str, test: str, values: Sequence[Any] = ()) -> Condition:
    """True where the test holds for the field's value, or for an item of the list that it is;
    an object has no items."""
    path = _path(name)
    return Condition(
        "coalesce(json_type(documents.metadata, ?), '') <> 'object' AND EXISTS "
        f"(SELECT 1 FROM json_each(documents.metadata, ?) AS item WHERE {test})",
        (path, path, *values),
    )


def _kind(operand: Any, in_column: bool) -> str:
    """The SQL types that an operand can be compared with; no column holds a truth value."""
    if isinstance(operand, bool):
        return "('no such type')" if in_column else f"('{str(operand).lower()}')"
    return "('text')" if isinstance(operand, str) else "('integer', 'real')"


def _null(name: str) -> Condition:
    if name in _COLUMNS:
        return Condition("0")
    missing = Condition("json_type(documents.metadata, ?) IS NULL", (_path(name),))
    return _join([missing, _each_item(name, "item.type = 'null'")], "OR", empty="0")


def _exists(name: str, wanted: bool) -> Condition:
    if name in _COLUMNS:
        return Condition("1" if wanted else "0")
    test = "IS NOT NULL" if wanted else "IS NULL"
    return Condition(f"json_type(documents.metadata, ?) {test}", (_path(name),))


def _path(name: str) -> str:
    return "$" + "".join("." + json.dumps(part, ensure_ascii=False) for part in name.split("."))
