"""A Flask route that answers JSON."""

from flask import Flask

application = Flask(__name__)


@application.get("/")
def message():
    return {"message": "hello, world", "number": 7}
