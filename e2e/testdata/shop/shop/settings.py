"""A Django project; the tests change it by variables and by adding lines."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "of the tests"
DEBUG = "SHOP_DEBUG" in os.environ
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles", "catalogue"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "catalogue.urls"
WSGI_APPLICATION = "shop.wsgi.application"
TEMPLATES = []
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "CONN_MAX_AGE": None,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = os.environ.get("SHOP_STATIC_URL", "static/")
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "assets", ("brand", BASE_DIR / "brand")]

if "SHOP_PROXY_HEADER" in os.environ:
    SECURE_PROXY_SSL_HEADER = (os.environ["SHOP_PROXY_HEADER"], "https")
