"""What cannot be found: the message, what was tried, and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_probe import app, load

FACTORY = "def create_app():\n    return lambda environ, start_response: []\n"
ASGI = "async def application(scope, receive, send):\n    pass\n"
ASGI_CLASS = """
class Fast:
    async def __call__(self, scope, receive, send):
        pass
application = Fast()
"""


def test_module_with_a_near_name(tmp_path: Path) -> None:
    got = load(tmp_path, "shop.wsig:application", {"shop/wsgi.py": app()})
    assert got.message == "there is no module shop.wsig"
    assert got.tried == [
        str(tmp_path / "shop/wsig.py"),
        str(tmp_path / "shop/wsig/__init__.py"),
        "the rest of sys.path",
    ]
    assert got.hint == "did you mean shop.wsgi?"
    assert got.text.splitlines()[-1] == "  hint: did you mean shop.wsgi?"


def test_near_name_of_a_package_keeps_the_rest(tmp_path: Path) -> None:
    got = load(tmp_path, "shp.wsgi:application", {"shop/wsgi.py": app()})
    assert got.hint == "did you mean shop.wsgi?"


def test_module_that_replaces_itself(tmp_path: Path) -> None:
    source = "import sys\nclass Slim:\n    __slots__ = ('x',)\nsys.modules[__name__] = Slim()\n"
    got = load(tmp_path, "m", {"m.py": source})
    assert got.message == "m holds no WSGI application"
    assert "has no attribute" in load(tmp_path, "m:app", {"m.py": source}).message


def test_class_of_callable_objects(tmp_path: Path) -> None:
    source = "class App:\n    def __call__(self, environ, start_response): pass\n"
    assert load(tmp_path, "m:App", {"m.py": source}).hint == "did you mean m:App()?"


def test_module_without_a_near_name(tmp_path: Path) -> None:
    got = load(tmp_path, "quite:x", {"one.py": "", "two/a.py": "", "data/x.txt": ""})
    assert got.hint == f"modules in {tmp_path}: one, two"


def test_module_in_an_empty_directory(tmp_path: Path) -> None:
    assert load(tmp_path, "nothing_here").hint == ""


def test_dot_in_place_of_the_colon(tmp_path: Path) -> None:
    got = load(tmp_path, "shop.wsgi.application", {"shop/wsgi.py": app()})
    assert got.message == "there is no module shop.wsgi.application"
    assert got.hint == "did you mean shop.wsgi:application?"


@pytest.mark.parametrize("spec", ["shop..wsgi:app", ".shop:app", ":app"])
def test_not_a_module_name(tmp_path: Path, spec: str) -> None:
    assert "is not the name of a module" in load(tmp_path, spec).message


def test_attribute_with_a_near_name(tmp_path: Path) -> None:
    got = load(tmp_path, "m:aplication", {"m.py": app() + "applied = 1\n"})
    assert got.message == "m has no attribute aplication"
    assert got.tried == ["m:aplication"]
    assert got.hint == "did you mean m:application?"


def test_attribute_with_another_name_lists_what_looks_like_wsgi(tmp_path: Path) -> None:
    source = app(name="web") + "def pair(a, b=1): pass\nfrom difflib import IS_LINE_JUNK\n"
    assert load(tmp_path, "m:application", {"m.py": source}).hint == "did you mean m:web?"


def test_attribute_of_an_object(tmp_path: Path) -> None:
    source = "class holder:\n    served = print\n"
    got = load(tmp_path, "m:holder.server", {"m.py": source})
    assert got.message == "m:holder has no attribute server"
    assert got.hint == "did you mean m:holder.served?"


def test_package_whose_submodule_has_it(tmp_path: Path) -> None:
    got = load(tmp_path, "shop", {"shop/__init__.py": "", "shop/wsgi.py": app()})
    assert got.message == "shop holds no WSGI application"
    assert got.tried[:2] == ["shop:application", "shop:app"]
    assert got.hint == "did you mean shop.wsgi?"


@pytest.mark.parametrize("text", ["", "a b", "a[0]", "(", "1"])
def test_expression_that_is_neither_name_nor_call(tmp_path: Path, text: str) -> None:
    assert "neither a name nor a call" in load(tmp_path, "m:" + text, {"m.py": ""}).message


@pytest.mark.parametrize("text", ["f(x)", "f(**{})", "f(open('x'))"])
def test_arguments_that_are_not_literals(tmp_path: Path, text: str) -> None:
    got = load(tmp_path, "m:" + text, {"m.py": "def f(*a): pass\n"})
    assert got.message == f"the arguments of {text} are not literals"


@pytest.mark.parametrize("declaration", ["create_app()", "create_app(mode=None, debug=False)"])
def test_factory_without_parentheses(tmp_path: Path, declaration: str) -> None:
    source = FACTORY.replace("create_app()", declaration)
    got = load(tmp_path, "m:create_app", {"m.py": source})
    assert "is not a WSGI application" in got.message
    assert got.hint == "did you mean m:create_app()?"


def test_factory_without_parentheses_that_needs_arguments(tmp_path: Path) -> None:
    source = FACTORY.replace("create_app()", "create_app(mode)")
    assert "m:create_app(...)" in load(tmp_path, "m:create_app", {"m.py": source}).hint


def test_factory_with_wrong_arguments(tmp_path: Path) -> None:
    got = load(tmp_path, "m:create_app(1, 2)", {"m.py": FACTORY})
    assert got.message.startswith("m:create_app(1, 2) could not be called so: create_app() takes")


def test_factory_that_returns_none(tmp_path: Path) -> None:
    got = load(tmp_path, "m:f()", {"m.py": "def f(): pass\n" + app()})
    assert got.message == "m:f() returned None, which is not callable"
    assert got.hint == "did you mean m:application?"


def test_async_factory(tmp_path: Path) -> None:
    got = load(tmp_path, "m:f()", {"m.py": "async def f(): pass\n"})
    assert got.message == "m:f() is an async function; a factory must be a plain one"


def test_not_callable(tmp_path: Path) -> None:
    got = load(tmp_path, "m:x", {"m.py": "x = {}\n"})
    assert got.message == "m:x is a dict, which is not callable"


def test_calling_what_is_not_callable(tmp_path: Path) -> None:
    assert "calls what is not callable: int" in load(tmp_path, "m:x()", {"m.py": "x = 1"}).message


@pytest.mark.parametrize("source", [ASGI, ASGI_CLASS, ASGI_CLASS.replace("Fast()", "Fast")])
def test_asgi(tmp_path: Path, source: str) -> None:
    got = load(tmp_path, "m", {"m.py": source})
    assert got.message.startswith("m:application is an ASGI application")
    assert "uvicorn" in got.hint


def test_asgi_beside_a_wsgi_application(tmp_path: Path) -> None:
    got = load(tmp_path, "m", {"m.py": ASGI + app(name="web")})
    assert got.hint == "did you mean m:web?"


def test_name_of_a_loaded_standard_module(tmp_path: Path) -> None:
    got = load(tmp_path, "traceback:application", {"traceback.py": app()})
    assert got.message.startswith(f"{tmp_path / 'traceback.py'} cannot be imported")
    assert got.hint == "rename traceback.py"
    inner = load(tmp_path, "wsgiref.site:application", {"wsgiref/__init__.py": ""})
    assert inner.hint == "rename wsgiref/__init__.py"


def test_name_of_a_built_in_module(tmp_path: Path) -> None:
    got = load(tmp_path, "time:application", {"time.py": app()})
    assert "(built in)" in got.message
