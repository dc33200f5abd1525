"""Flask: routes, streaming, uploads, sessions."""

import io

from flask import Flask, jsonify, redirect, request, send_file, session, stream_with_context, url_for

application = app = Flask(__name__)
app.secret_key = "of the tests"


@app.route("/")
def index():
    return "<p>index</p>"


@app.route("/hello/<name>")
def hello(name):
    return jsonify(hello=name, url=url_for("hello", name=name, _external=True), query=request.args)


@app.route("/client")
def client():
    return jsonify(
        address=request.remote_addr, url=url_for("client", _external=True), secure=request.is_secure, host=request.host, root=request.root_url
    )


@app.route("/stream")
def stream():
    lines = ("line %d of %s\n" % (i, request.args["of"]) for i in range(1000))
    return app.response_class(stream_with_context(lines), mimetype="text/plain")


@app.route("/upload", methods=["POST"])
def upload():
    f = request.files["file"]
    return jsonify(name=f.filename, size=len(f.read()), title=request.form["title"])


@app.route("/json", methods=["PUT"])
def json():
    return jsonify(request.get_json())


@app.route("/login", methods=["POST"])
def login():
    session["user"] = request.form["user"]
    return redirect(url_for("whoami"))


@app.route("/whoami")
def whoami():
    return session.get("user", "nobody")


@app.route("/file")
def file():
    return send_file(io.BytesIO(b"0123456789" * 10000), download_name="digits.txt", etag="v1", conditional=True)


@app.route("/script")
def script():
    return send_file(__file__)


@app.route("/error")
def error():
    raise ValueError("raised in Flask")
