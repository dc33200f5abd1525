"""A Django page with a template, in a project that has the admin and what it needs."""

import gc
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path

settings.configure(
    SECRET_KEY="only for measurements",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    STATIC_URL="static/",
)
django.setup()

from django.contrib import admin  # noqa: E402  (its models need the settings)

PAGE = """
<ul>{% for item in items %}
<li>{{ item.name|title }}: {{ item.price }}</li>
{% endfor %}</ul>
"""
template = engines["django"].from_string(PAGE)


def page(request):
    items = [{"name": "item %d" % number, "price": number * 1.5} for number in range(50)]
    return HttpResponse(template.render({"items": items}, request))


def collect(request):
    """What a process does by itself sooner or later: it looks at all its objects."""
    gc.collect()
    return HttpResponse("%d" % os.getpid())


urlpatterns = [path("", page), path("collect", collect), path("admin/", admin.site.urls)]
application = get_wsgi_application()
