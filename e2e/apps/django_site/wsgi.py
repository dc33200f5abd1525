"""Django in one file: the admin, the ORM on SQLite, files and streams."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

APPS = ["admin", "auth", "contenttypes", "sessions", "messages"]
settings.configure(
    SECRET_KEY="of the tests",
    ALLOWED_HOSTS=["*"],
    USE_X_FORWARDED_HOST="DJANGO_PROXIED" in os.environ,
    USE_X_FORWARDED_PORT="DJANGO_PROXIED" in os.environ,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https") if "DJANGO_PROXIED" in os.environ else None,
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib." + name for name in APPS],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DB"]}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    STATIC_URL="/static/",
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

call_command("migrate", verbosity=0)
User.objects.create_superuser("root", "root@example.com", "secret")


@csrf_exempt
def groups(request):
    if request.method == "POST":
        Group.objects.create(name=request.POST["name"])
    return JsonResponse({"groups": list(Group.objects.order_by("name").values_list("name", flat=True))})


@csrf_exempt
def upload(request):
    return JsonResponse({"length": len(request.body), "form": request.POST.get("name")})


def client(request):
    return JsonResponse(
        {
            "address": request.META["REMOTE_ADDR"],
            "url": request.build_absolute_uri(),
            "secure": request.is_secure(),
            "host": request.get_host(),
            "root": request.build_absolute_uri(request.META["SCRIPT_NAME"] + "/"),
        }
    )


def file(request):
    return FileResponse(open(__file__, "rb"), as_attachment=True, filename="site.py")


def stream(request):
    return StreamingHttpResponse(("line %d\n" % i for i in range(1000)), content_type="text/plain")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("groups/", groups),
    path("upload/", upload),
    path("client", client),
    path("file/", file),
    path("stream/", stream),
]
application = get_wsgi_application()
