"""What can be told about a callable without calling it.

inspect would say the same, but importing it costs more than all of this package's
loader. Every answer here errs on the side of letting a callable pass.
"""

from __future__ import annotations

from types import FunctionType, MethodType

_VARARGS = 0x04
_COROUTINE = 0x80
_ASYNC_GENERATOR = 0x200


def accepts(target: object, count: int) -> bool | None:
    """Whether target can be called with count positional arguments; None: not known."""
    if isinstance(target, type) and _plain_constructor(target):
        return count == 0
    function, bound = _function(target)
    if function is None:
        return None
    code = function.__code__
    required_keywords = code.co_kwonlyargcount - len(function.__kwdefaults__ or {})
    if required_keywords > 0:
        return False
    most = code.co_argcount - bound
    least = most - len(function.__defaults__ or ())
    return least <= count and (count <= most or bool(code.co_flags & _VARARGS))


def is_asgi(target: object) -> bool:
    """Whether calling target, or an instance of the class target, gives a coroutine."""
    if isinstance(target, (FunctionType, MethodType)):
        function: FunctionType | None = _function(target)[0]
    else:
        owner = target if isinstance(target, type) else type(target)
        call = _class_attribute(owner, "__call__")
        function = call if isinstance(call, FunctionType) else None
    return function is not None and bool(
        function.__code__.co_flags & (_COROUTINE | _ASYNC_GENERATOR)
    )


def is_flask(target: object) -> bool:
    """Whether target is an instance of flask.Flask, told without importing flask."""
    return any(
        base.__module__ == "flask.app" and base.__qualname__ == "Flask"
        for base in type(target).__mro__
    )


def is_factory(target: object) -> bool:
    """Whether target is a function that gives an application when called bare."""
    if not isinstance(target, FunctionType) or accepts(target, 0) is not True:
        return False
    return accepts(target, 2) is False or target.__name__ in ("create_app", "make_app")


def looks_like_wsgi(name: str, target: object, module: str) -> bool:
    """Whether target, an attribute of module, is worth naming as a probable application."""
    if name.startswith("__") or not callable(target) or is_asgi(target):
        return False
    if is_flask(target):
        return True
    if isinstance(target, (type, FunctionType)) and target.__module__ != module:
        return False
    return accepts(target, 2) is True and accepts(target, 1) is False


def _function(target: object) -> tuple[FunctionType | None, int]:
    """The Python function that a call of target runs, and how many arguments are bound."""
    if isinstance(target, FunctionType):
        return target, 0
    if isinstance(target, MethodType):
        inner = target.__func__
        return (inner, 1) if isinstance(inner, FunctionType) else (None, 0)
    if isinstance(target, type):
        found = _constructor(target)
    else:
        found = _class_attribute(type(target), "__call__")
    return (found, 1) if isinstance(found, FunctionType) else (None, 0)


def _constructor(owner: type) -> object:
    """The one of __init__ and __new__ that decides; None where both or a metaclass do."""
    if type(owner).__call__ is not type.__call__:
        return None
    init = _class_attribute(owner, "__init__")
    new = _class_attribute(owner, "__new__")
    if new is object.__dict__["__new__"]:
        return init
    if init is object.__init__:
        return new.__func__ if isinstance(new, staticmethod) else new
    return None


def _plain_constructor(owner: type) -> bool:
    return type(owner).__call__ is type.__call__ and _constructor(owner) is object.__init__


def _class_attribute(owner: type, name: str) -> object:
    for base in owner.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None
