#!/usr/bin/env python
"""Django's command line.

    pip install -r requirements.txt
    python manage.py migrate            # once: makes db.sqlite3
    highball run                        # in this directory; finds the project by manage.py

Open http://127.0.0.1:8000/.
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
