"""manage.py highball: serves the project, as `highball run` does."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ..._binary import find
from .. import handover

_HELP = """usage: manage.py highball [ADDRESS] [--dev] [any flag of `highball run`]

Serves the project. ADDRESS is as runserver has it, or an address of --bind. Settings
come from flags, from HIGHBALL_* variables, from HIGHBALL = {...} in Django's settings
("workers": 4, "request_timeout": 30), and from highball.toml, in this order.

  --dev   as `highball dev`: for the one who writes the project. HIGHBALL is left alone.

`highball run --help` lists the flags.
"""


class Command(BaseCommand):  # type: ignore[misc]
    """Replaces the process, so that signals and the exit code are the server's."""

    help = "Serves the project by Highball."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def run_from_argv(self, argv: list[str]) -> None:
        """argparse would refuse what is the server's to judge."""
        line = handover.read_line(argv[2:])
        if line.help:
            self.stdout.write(_HELP)
            return
        try:
            self.handle(*line.flags, dev=line.dev)
        except CommandError as exc:
            self.stderr.write("CommandError: %s" % exc)
            sys.exit(exc.returncode)

    def add_arguments(self, parser: Any) -> None:
        """For call_command, which has the flags as arguments."""
        parser.add_argument("flags", nargs="*")
        parser.add_argument("--dev", action="store_true")

    def handle(self, *flags: str, **options: Any) -> None:
        """Becomes the server; returns only if that fails."""
        line = handover.read_line([*flags, *options.get("flags", ())])
        dev = line.dev or bool(options.get("dev"))
        given = {} if dev else getattr(settings, "HIGHBALL", {})
        try:
            found = handover.values(given, handover.defaults())
            binary = find()
        except (handover.SettingsError, FileNotFoundError) as exc:
            raise CommandError(str(exc)) from None
        app = [] if "app" in found else [handover.application(settings.WSGI_APPLICATION)]
        verb = ["dev", *handover.as_flags(found)] if dev else ["run"]
        arguments = [binary, *verb, *app, *line.flags]
        sys.stdout.flush()
        sys.stderr.flush()
        module = settings.SETTINGS_MODULE or "settings"
        environ = handover.environ(found, module, settings.TIME_ZONE)
        os.execve(binary, arguments, environ)
