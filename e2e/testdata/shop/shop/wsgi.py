import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()

OPENED = None
if "SHOP_CONNECTS" in os.environ:  # as applications do that read something while they are imported
    from django.db import connection

    connection.ensure_connection()
    OPENED = connection.connection
