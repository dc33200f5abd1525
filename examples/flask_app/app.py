"""A small Flask application that uses what a server has to get right.

    pip install -r requirements.txt
    highball run            # in this directory; Flask's own discovery finds `app`

Open http://127.0.0.1:8000/.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator

from flask import (
    Flask,
    Response,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

app = Flask(__name__)

# Not a random one: each worker process would make its own, and a session begun
# in one would be unknown in the next.
app.secret_key = os.environ.get("SECRET_KEY", "for this example only")


@app.get("/")
def index() -> str:
    return render_template("index.html", notes=session.get("notes", []), environ=request.environ)


@app.get("/hello/<name>")
def hello(name: str) -> str:
    return f"Hello, {name}!\n"


@app.post("/notes")
def add_note() -> Response:
    """A form, and a session: a signed cookie that holds the notes."""
    note = request.form["note"].strip()[:200]
    if note:
        session["notes"] = [*session.get("notes", []), note][-10:]
        flash("Noted.")
    return redirect(url_for("index"))


@app.post("/upload")
def upload() -> Response:
    """The size and digest of an upload, whatever its size: it is never held whole."""
    file = request.files["file"]
    digest, size = hashlib.sha256(), 0
    while block := file.stream.read(65536):
        digest.update(block)
        size += len(block)
    return jsonify(name=file.filename, size=size, sha256=digest.hexdigest())


@app.get("/stream")
def stream() -> Response:
    """Each line is sent when it is yielded: `curl -N` shows them one by one."""
    count = min(request.args.get("count", 5, int), 100)
    pause = min(request.args.get("pause", 0.5, float), 5.0)

    def lines() -> Iterator[str]:
        for number in range(1, count + 1):
            yield f"line {number} of {count}\n"
            time.sleep(pause)

    return Response(lines(), mimetype="text/plain")


@app.get("/who")
def who() -> Response:
    """Which process and thread has answered."""
    return jsonify(pid=os.getpid(), thread=threading.current_thread().name)


@app.get("/boom")
def boom() -> Response:
    """A bug: the visitor gets a plain 500, the log its traceback."""
    raise RuntimeError("this route always fails")
