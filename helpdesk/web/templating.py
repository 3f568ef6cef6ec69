"""Templates, compiled once for each language: their sentences and icons are constants in what is compiled.

A page asks for three hundred of them. Each call of a function out of a template takes a few microseconds, whatever
the function does; a constant costs nothing, and the markup around it is written in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import flask_babel
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from helpdesk.wording.catalog import locale_code

SENTENCE = "_"


class Localised(Environment):
    """Hands out templates in the language of the request: each language has an overlay that keeps its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.constant: dict[str, Callable[..., Markup]] = {}  # functions that always say the same, by name
        self._by_language: dict[str, Localised] = {}
        self._kept: dict[str, Template] = {}  # of an overlay: a page has thirty parts, each looked for by its name

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: most of what pages are given are dicts, whose own names are looked for after their keys.

        Asking a dict for an attribute that it hasn't, as Jinja does first, makes an exception each time.
        """
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        if not self.overlayed:
            return self._in(locale_code()).get_template(name, parent, globals)
        if self.auto_reload or globals or not isinstance(name, str):
            return super().get_template(name, parent, globals)
        if name not in self._kept:
            self._kept[name] = super().get_template(name, parent)
        return self._kept[name]

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """As they are when a template is loaded. Every part of a page copies them, which a chain of maps makes slow."""
        return {**self.globals, **(d or {})}

    def _in(self, language: str) -> Localised:
        if language not in self._by_language:
            self._by_language[language] = self.overlay()
            self._by_language[language]._kept = {}
        return self._by_language[language]

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        if self.overlayed:
            _Said(self.constant).visit(source)
        return super()._generate(source, *arguments, **options)


class _Said(NodeTransformer):
    """Puts what is said in place of the call that says it, where the call's arguments stand in the template."""

    def __init__(self, constant: dict[str, Callable[..., Markup]]) -> None:
        self._constant = constant

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802  the visitor asks for it by this name
        self.generic_visit(call)
        if not isinstance(call.node, nodes.Name) or call.dyn_args or call.dyn_kwargs:
            return call
        arguments = [one.value for one in call.args if isinstance(one, nodes.Const)]
        if len(arguments) < len(call.args):
            return call
        if call.node.name == SENTENCE and len(arguments) == 1:
            return _sentence(arguments[0], call)
        if call.node.name in self._constant and not call.kwargs:
            return nodes.Const(self._constant[call.node.name](*arguments), lineno=call.lineno)
        return call


def _sentence(text: str, call: nodes.Call) -> nodes.Expr:
    """The sentence, with its variables put in as ``_`` would do it."""
    said = Markup(flask_babel.gettext(text))  # noqa: S704  written by translators, not by users
    if not call.kwargs:
        return nodes.Const(said % {} if "%" in said else said, lineno=call.lineno)
    pairs = [nodes.Pair(nodes.Const(one.key), one.value, lineno=call.lineno) for one in call.kwargs]
    return nodes.Mod(nodes.Const(said), nodes.Dict(pairs, lineno=call.lineno), lineno=call.lineno)
