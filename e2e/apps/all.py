"""All behaviours on one server: /NAME/... is NAME/wsgi.py, mounted there.

/validated/NAME/... is the same with wsgiref.validate around the application, and
/between/NAME/... with a middleware on either side of it as well. Below /streamed/ is
all of this once more, for bodies that the server is told to stream.
"""

import functools
import importlib.util
import pathlib
import threading
from wsgiref.validate import validator

HERE = pathlib.Path(__file__).parent


def once(function):
    """Keeps the results; unlike lru_cache, no two threads compute the same."""
    lock, results = threading.RLock(), {}

    @functools.wraps(function)
    def kept(*args):
        with lock:
            if args not in results:
                results[args] = function(*args)
            return results[args]

    return kept


@once
def load(name):
    spec = importlib.util.spec_from_file_location("apps_" + name, HERE / name / "wsgi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@once
def wrapped(how, name):
    if how == "validated":
        return validator(load(name).application)
    around = load("transparent").around
    return around(validator(around(load(name).application)))


def application(environ, start_response):
    name = shift(environ)
    if name == "streamed":
        name = shift(environ)
    if name in ("validated", "between"):
        app = wrapped(name, shift(environ))
    else:
        app = load(name).application
    return app(environ, start_response)


def shift(environ):
    """Moves one segment from PATH_INFO to SCRIPT_NAME, and nothing else."""
    name, slash, rest = environ["PATH_INFO"][1:].partition("/")
    environ["SCRIPT_NAME"] += "/" + name
    environ["PATH_INFO"] = slash + rest
    return name
