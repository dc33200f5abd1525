"""Bottle: routes, forms, a generator, a static file."""

import os

import bottle

application = app = bottle.Bottle()


@app.get("/hello/<name>")
def hello(name):
    return {"hello": name}


@app.post("/form")
def form():
    return bottle.request.forms.title + " " + bottle.request.files.file.filename


@app.get("/stream")
def stream():
    bottle.response.content_type = "text/plain"
    for i in range(100):
        yield "line %d\n" % i


@app.get("/static")
def static():
    return bottle.static_file("wsgi.py", root=os.path.dirname(os.path.abspath(__file__)), mimetype="text/plain")
