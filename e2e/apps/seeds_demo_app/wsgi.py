"""The demonstration of the standard library: its environ, line by line."""

from wsgiref.simple_server import demo_app as application

__all__ = ["application"]
