"""Source code by its syntax tree: the definitions of a file, nested, with their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from ingest.code_languages import GRAMMARS

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS = frozenset(
    """
    function_definition function_declaration generator_function_declaration method_definition
    method_declaration constructor_declaration destructor_declaration function_item
    macro_definition method singleton_method local_function_statement operator_declaration
    compact_constructor_declaration abstract_method_signature
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_CONTAINERS = frozenset(
    """
    class_definition class_declaration abstract_class_declaration interface_declaration
    enum_declaration record_declaration struct_declaration struct_item enum_item trait_item
    impl_item mod_item union_item class_specifier struct_specifier union_specifier enum_specifier
    namespace_definition namespace_declaration internal_module module class trait_declaration
    type_declaration annotation_type_declaration
    """.split()  # noqa: SIM905
)
_WRAPPERS = frozenset(
    """
    export_statement decorated_definition template_declaration linkage_specification
    ambient_declaration preproc_if preproc_ifdef preproc_else type_definition ERROR
    file_scoped_namespace_declaration expression_statement
    """.split()  # noqa: SIM905
)
_COMMENTS = frozenset(
    ("comment", "line_comment", "block_comment", "attribute_item", "decorator", "attribute_list")
)
_VARIABLES = frozenset(("lexical_declaration", "variable_declaration"))
_VALUES = frozenset(("arrow_function", "function_expression", "function", "class"))
_DEEPEST = 10
_MIN_LINES = 2


@dataclass
class Definition:
    """A class, function or the like: its name, its first and last line (from 0, the comments
    before it included), and the definitions inside it."""

    name: str
    first: int
    last: int
    inner: list[Definition] = field(default_factory=list)


def definitions(data: bytes, language: str) -> tuple[list[Definition], tuple[int, int]]:
    """The outermost definitions of the file in order, and the lines (first, last) of a Python
    module's docstring, (-1, -1) without one."""
    import tree_sitter

    module, function = GRAMMARS[language]
    grammar = tree_sitter.Language(getattr(import_module(module), function)())
    root = tree_sitter.Parser(grammar).parse(data).root_node
    docstring = (-1, -1)
    if language == "python":
        first = next((c for c in root.children if c.type not in _COMMENTS), None)
        if (
            first is not None
            and first.type in ("expression_statement", "string")
            and (first.type == "string" or first.children[0].type == "string")
        ):
            docstring = (first.start_point[0], first.end_point[0])
    return list(_found(root.children, 0)), docstring


def _found(nodes: Iterable[Node], depth: int) -> Iterator[Definition]:
    """The definitions among the nodes; comments directly above one belong to it."""
    above = -1  # the first line of the comments read last
    after = -1  # the last line of what was read last
    for node in nodes:
        first, last = node.start_point[0], node.end_point[0]
        if node.type in _COMMENTS:
            above = first if above < 0 or first > after + 1 else above
            after = last
            continue
        adjacent = above >= 0 and first <= after + 1
        start = above if adjacent else first
        above = -1
        after = last
        yield from _definition(node, start, depth)


def _definition(node: Node, start: int, depth: int) -> Iterator[Definition]:
    kind = node.type
    last = node.end_point[0] - (node.end_point[1] == 0)
    if not node.is_named:
        return
    if kind in _FUNCTIONS or kind in _CONTAINERS:
        body = node.child_by_field_name("body")
        if kind in _CONTAINERS and (body is not None or kind == "type_declaration"):
            inner = list(_found(body.children, depth + 1)) if body and depth < _DEEPEST else []
            yield Definition(_name(node), start, last, inner)
        elif kind in _FUNCTIONS:
            yield Definition(_name(node), start, last)
    elif kind in _VARIABLES:
        for declarator in node.named_children:
            value = declarator.child_by_field_name("value")
            if value is not None and value.type in _VALUES and last - start >= _MIN_LINES:
                yield Definition(_name(declarator), start, last)
                return
    elif kind in _WRAPPERS and depth < _DEEPEST:
        found = list(_found(node.children, depth + 1))
        if len(found) == 1:
            # What wraps a definition (a decorator, `export`, a template) belongs to it.
            found[0].first, found[0].last = start, max(found[0].last, last)
        yield from found


def _name(node: Node) -> str:
    """What the definition is called: a Go method by its receiver, a Rust impl by its types."""
    if node.type == "impl_item":
        names = (node.child_by_field_name(part) for part in ("trait", "type"))
        return "impl " + " for ".join(_text(name) for name in names if name is not None)
    if node.type == "type_declaration":
        return next((_name(c) for c in node.named_children if c.type == "type_spec"), "type")
    name = node.child_by_field_name("name")
    if name is None:
        name = node.child_by_field_name("declarator")
        for _ in range(20):
            inner = None if name is None else name.child_by_field_name("declarator")
            if inner is None:
                break
            name = inner
    shown = _text(name) if name is not None else node.type.split("_")[0]
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:
        owner = _text(receiver).strip("()").split()[-1:] or [""]
        return f"{owner[0].lstrip('*')}.{shown}"
    return shown


def _text(node: Node) -> str:
    text = (node.text or b"").decode("utf-8", "replace")
    return " ".join(text.split())[:200] or node.type
