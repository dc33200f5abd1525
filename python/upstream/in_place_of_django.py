"""Runs Django's own runtests.py, with Highball as the live server."""

from __future__ import annotations

import os
import runpy
import sys


def main() -> None:
    from highball.testing import django

    django.install()
    started = django.DjangoServer.__init__

    def counted(self: django.DjangoServer, *args: object, **settings: object) -> None:
        started(self, *args, **settings)  # type: ignore[arg-type]
        print("served by highball", file=sys.stderr)

    django.DjangoServer.__init__ = counted  # type: ignore[method-assign, assignment]
    sys.path.insert(0, os.getcwd())
    sys.argv[0] = "runtests.py"
    runpy.run_path("runtests.py", run_name="__main__")


if __name__ == "__main__":
    main()
