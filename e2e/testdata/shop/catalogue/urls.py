from django.db import connection
from django.http import FileResponse, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import path


def url(request):
    return HttpResponse(static("catalogue/shop.css"))


def download(request):
    return FileResponse(open(request.GET["path"], "rb"), content_type="text/plain")


def secure(request):
    return JsonResponse({"secure": request.is_secure(), "scheme": request.META["wsgi.url_scheme"]})


def database(request):
    """Whether this process has the connection that was opened while it was imported."""
    from shop import wsgi

    connection.ensure_connection()
    return HttpResponse("shared" if connection.connection is wsgi.OPENED else "own")


urlpatterns = [
    path("database", database),
    path("url", url),
    path("download", download),
    path("secure", secure),
]
