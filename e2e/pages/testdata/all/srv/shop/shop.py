"""The application of the pages' readers."""

from flask import Flask, request

app = application = Flask(__name__)


@app.route("/")
def index():
    return "the shop, asked by %s for %s://%s\n" % (
        request.remote_addr,
        request.scheme,
        request.host,
    )
