"""Reports its environ: what is a str as it is, everything else as repr()."""

from support import reply


def application(environ, start_response):
    return reply(
        start_response,
        {
            "dict": type(environ) is dict,
            "values": {k: v if isinstance(v, str) else repr(v) for k, v in environ.items()},
            "types": {k: type(v).__name__ for k, v in environ.items()},
        },
    )
