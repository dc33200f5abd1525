"""Puts the request's URL together as PEP 3333 says."""

from wsgiref.util import request_uri

from support import reply


def application(environ, start_response):
    return reply(start_response, request_uri(environ))
