"""A page of 50 resources that counts what has come; /seen says by which protocol each was asked for."""

from support import reply

IMAGES, STYLES, SCRIPTS = range(30), range(10), range(10)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>not yet</title>
<script>var came = 0; onload = function () { document.title = came + " of 50"; document.getElementById("came").textContent = document.title; };</script>
%s
</head><body style="font: 20px sans-serif"><p id="came">not yet</p>
<p>%s</p>
</body></html>
"""
seen = []


def page():
    styles = ('<link rel="stylesheet" href="/style/%d" onload="came++">' % n for n in STYLES)
    scripts = ('<script src="/script/%d"></script>' % n for n in SCRIPTS)
    images = ('<img src="/image/%d" class="c%d" onload="came++" alt="%d">' % (n, n % 10, n) for n in IMAGES)
    return PAGE % ("\n".join([*styles, *scripts]), "\n".join(images))


def image(number):
    colour = "hsl(%d, 70%%, 55%%)" % (number * 12)
    circle = '<circle cx="40" cy="40" r="36" fill="%s"/>' % colour
    return '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80">%s<!-- %s --></svg>' % (circle, "x" * 20000)


def resource(path):
    kind, _, number = path[1:].partition("/")
    if kind == "image":
        return "image/svg+xml", image(int(number))
    if kind == "style":
        return "text/css", ".c%s { border: 3px solid #333; }" % number
    if kind == "script":
        return "text/javascript", "came++;"
    return "text/html", page()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/seen":
        return reply(start_response, seen)
    seen.append([path, environ["SERVER_PROTOCOL"]])
    kind, text = resource(path)
    body = text.encode()
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
    return [body]
