"""Werkzeug without a framework around it."""

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

urls = Map([Rule("/", endpoint="index"), Rule("/shout", endpoint="shout"), Rule("/cookie", endpoint="cookie")])


@Request.application
def application(request):
    try:
        endpoint, _ = urls.bind_to_environ(request.environ).match()
    except HTTPException as exc:
        return exc
    if endpoint == "shout":
        return Response(request.get_data().upper())
    response = Response("index", mimetype="text/plain")
    if endpoint == "cookie":
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
    return response
