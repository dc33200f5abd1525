"""What stands after the colon: a name, a dotted name, or a call with literal arguments."""

from __future__ import annotations

import ast
from typing import Any

from .guesses import near_attribute
from .importing import exited
from .load_error import LoadError
from .tracebacks import in_user_code


class Expression:
    """A parsed `obj.attr` or `factory("literal", key=1)`."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        try:
            node = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError):
            raise self._refused() from None
        self.called = isinstance(node, ast.Call)
        self.args: list[Any] = []
        self.kwargs: dict[str, Any] = {}
        if isinstance(node, ast.Call):
            self._literals(node)
            node = node.func
        self.names = self._dotted(node)

    def _literals(self, call: ast.Call) -> None:
        try:
            self.args = [ast.literal_eval(arg) for arg in call.args]
            for keyword in call.keywords:
                if keyword.arg is None:
                    raise ValueError
                self.kwargs[keyword.arg] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError):
            raise LoadError(
                f"the arguments of {self.text} are not literals",
                hint='only strings, numbers, lists, dicts and the like: create_app("production")',
            ) from None

    def _dotted(self, node: ast.expr) -> list[str]:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise self._refused()
        return [node.id, *names]

    def _refused(self) -> LoadError:
        return LoadError(
            f"{self.text!r} is neither a name nor a call",
            hint='write it as module:name, module:name.attribute or module:factory("literal")',
        )

    def lookup(self, module: object, label: str) -> Any:
        """The object that the names lead to; label is how the user writes module."""
        value: Any = module
        for depth, name in enumerate(self.names):
            try:
                value = getattr(value, name)
            except AttributeError as error:
                if in_user_code(error.__traceback__):
                    raise
                owner = ":".join([label, ".".join(self.names[:depth])]).rstrip(":")
                hint = near_attribute(value, name, owner, attribute_of_module=depth == 0)
                raise LoadError(
                    f"{owner} has no attribute {name}",
                    [f"{label}:{'.'.join(self.names[: depth + 1])}"],
                    hint,
                ) from None
        return value

    def evaluate(self, module: object, label: str) -> Any:
        """The value of the whole expression."""
        value = self.lookup(module, label)
        if not self.called:
            return value
        return call_factory(value, f"{label}:{self.text}", *self.args, **self.kwargs)


def call_factory(factory: Any, target: str, *args: Any, **kwargs: Any) -> Any:
    """Calls factory. Arguments that do not fit are a LoadError; errors in it pass through."""
    if not callable(factory):
        raise LoadError(f"{target} calls what is not callable: {type(factory).__name__}")
    try:
        return factory(*args, **kwargs)
    except TypeError as error:
        if in_user_code(error.__traceback__):
            raise
        raise LoadError(
            f"{target} could not be called so: {error}",
            hint="give the arguments as literals in the parentheses",
        ) from None
    except SystemExit as error:
        raise exited(target, error) from error
