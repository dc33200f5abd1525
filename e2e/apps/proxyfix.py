"""Werkzeug's ProxyFix as middleware, for one proxy and for two."""

from werkzeug.middleware.proxy_fix import ProxyFix


def hops1(application):
    return ProxyFix(application, x_for=1, x_proto=1, x_host=1, x_port=1)


def hops2(application):
    return ProxyFix(application, x_for=2, x_proto=2, x_host=2, x_port=2)
