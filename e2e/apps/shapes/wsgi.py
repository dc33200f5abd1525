"""One application in each shape of a callable."""

import functools


def function(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"called"]


class Class:
    def __init__(self, environ, start_response):
        self.blocks = function(environ, start_response)

    def __iter__(self):
        return iter(self.blocks)


class Instance:
    def __call__(self, environ, start_response):
        return function(environ, start_response)

    method = __call__


instance = Instance()
bound_method = instance.method
partial = functools.partial(lambda app, *args: app(*args), function)
builtin = function.__call__  # a method-wrapper, made in C
