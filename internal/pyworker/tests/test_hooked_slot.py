"""pre_request, post_request and the log's access() around each request."""

import socket
import sys
from array import array

import pytest
from highball_worker import wire
from highball_worker.hooked_slot import CountingSlot, HookedSlot
from highball_worker.slot import WORDS, Slot
from test_slot import Reads, replies

HOOKS = """
    calls = []
    def pre_request(worker, req):
        calls.append(("pre", worker.nr, req.method, req.path))
        if req.path == "/refused":
            raise ValueError("not this one")
    def post_request(worker, req, environ, resp):
        calls.append(("post", worker.nr, req.path, environ.get("PATH_INFO"), resp and resp.status))
        if req.path == "/late":
            raise ValueError("too late")
"""


def environ_of(target, **more):
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": "GET", "RAW_URI": target, "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "HTTP_HOST": "shop",
        "REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "4000", "highball.request_id": "id", **more,
    }  # fmt: skip


class Worker:
    """A process with one slot, whose requests all run here."""

    def __init__(self, hooks):
        self.hooks = hooks
        self.worker = hooks.next_worker()
        self.words = memoryview(array("I", [0] * WORDS))
        self.logged = []

    def serve(self, application, *environs):
        frames = [
            wire.frame(wire.REQUEST, wire.dumps((environ, b"")), number)
            for number, environ in enumerate(environs, 1)
        ]
        pipe = Reads(*frames)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            make = self.hooks.slots(self.worker)
            slot = make(pipe, theirs, self.words, 0, lambda *line: self.logged.append(line))
            slot.serve(application, {"SERVER_SOFTWARE": "highball"})
        return replies(pipe.written)


@pytest.fixture
def shop(project):
    return Worker(project.loaded(HOOKS))


def hello(environ, start):
    start("200 OK", [("X-Shop", "one")])
    if environ["PATH_INFO"] == "/boom":
        raise KeyError("shop")
    return [b"hello"]


def calls():
    return sys.modules["shophooks"].calls


def test_around_a_request(shop):
    (reply,) = shop.serve(hello, environ_of("/caf%C3%A9?a=1"))
    assert calls() == [
        ("pre", 0, "GET", "/caf%C3%A9"),
        ("post", 1, "/caf%C3%A9", "/caf%C3%A9", "200 OK"),
    ]
    assert (reply.kind, reply.flags) == (wire.RESPONSE, wire.END)
    assert shop.words[2] == 1  # done
    assert shop.worker.nr == 1


def test_the_slot_is_free_after_the_hook(shop):
    """The front wants a frame of that, as it does of an application with close()."""
    shop.words[3] = 1
    response, done = shop.serve(hello, environ_of("/"))
    assert (response.flags, done.kind, done.flags) == (wire.END, wire.DONE, wire.FREE)


def test_a_request_that_is_refused(shop):
    (reply,) = shop.serve(hello, environ_of("/refused"))
    assert reply.kind == wire.ERROR and b"not this one" in reply.payload
    assert calls()[1:] == [("post", 0, "/refused", None, None)]


def test_an_application_that_fails(shop):
    (reply,) = shop.serve(hello, environ_of("/boom"))
    assert reply.kind == wire.ERROR
    assert calls()[1:] == [("post", 1, "/boom", "/boom", "200 OK")]


def test_a_hook_that_fails_afterwards(shop, project):
    (reply,) = shop.serve(hello, environ_of("/late"))
    assert reply.kind == wire.RESPONSE
    ((level, text),) = project.lines
    assert level == "error"
    assert "the hook post_request of shophooks failed at" in text and "ValueError: too late" in text


def test_what_the_application_returns_is_closed_before(shop):
    class Blocks:
        def __iter__(self):
            return iter([b"a", b"b"])

        def close(self):
            calls().append("close")

    def application(environ, start):
        start("200 OK", [])
        return Blocks()

    shop.serve(application, environ_of("/"))
    assert [call if call == "close" else call[0] for call in calls()] == ["pre", "close", "post"]


def test_each_has_the_slot_that_it_needs(project):
    only = "def %s(*given): pass\n"
    for hook, kind in (
        ("pre_request", HookedSlot),
        ("post_request", HookedSlot),
        ("on_exit", CountingSlot),
    ):
        project.write(
            "shophooks.py", only.replace("*given", "a" if hook == "on_exit" else "a, b") % hook
        )
        sys.modules.pop("shophooks", None)
        loaded = project.load("shophooks")
        ours, theirs = socket.socketpair()
        with ours, theirs:
            words = memoryview(array("I", [0] * WORDS))
            made = loaded.slots(loaded.next_worker())(Reads(), theirs, words, 0, print)
        assert type(made) is kind, hook
    assert project.load("").slots(None) is Slot


def test_requests_are_counted_without_them_too(project):
    shop = Worker(project.loaded("def worker_exit(server, worker): pass\n"))
    shop.serve(hello, environ_of("/"), environ_of("/boom"))
    assert shop.worker.nr == 2


SEEN = """
    seen = {}
    def post_request(worker, req, environ, resp):
        for name in "method path uri query fragment version headers scheme peer_addr".split():
            seen[name] = getattr(req, name)
        for name in "remote_addr proxy_protocol_info trailers must_close".split():
            seen[name] = getattr(req, name)
        seen["should_close"] = req.should_close()
        for name in "status status_code headers headers_sent sent response_length chunked".split():
            seen["resp." + name] = getattr(resp, name)
        seen["is_chunked"] = resp.is_chunked()
"""


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (environ_of("/a%20b?x=1"), {
            "method": "GET", "path": "/a%20b", "uri": "/a%20b?x=1", "query": "x=1", "fragment": "",
            "version": (1, 1), "headers": [("HOST", "shop")], "scheme": "http",
            "peer_addr": ("192.0.2.7", 4000), "remote_addr": ("192.0.2.7", 4000),
            "proxy_protocol_info": None, "trailers": [], "must_close": False,
            "should_close": False, "resp.status": "200 OK", "resp.status_code": 200,
            "resp.headers": [("X-Shop", "one")], "resp.headers_sent": True, "resp.sent": 5,
            "resp.response_length": None, "resp.chunked": True, "is_chunked": True,
        }),
        (environ_of("http://shop/x#y", SERVER_PROTOCOL="HTTP/1.0"), {
            "path": "/x", "fragment": "y", "version": (1, 0), "should_close": True,
            "is_chunked": False,
        }),
        (environ_of("/", SERVER_PROTOCOL="HTTP/2.0", HTTP_CONNECTION="close", REMOTE_ADDR=""), {
            "version": (2, 0), "should_close": True, "peer_addr": "",
        }),
        (environ_of("/", REQUEST_METHOD="HEAD", CONTENT_TYPE="a/b"), {
            "resp.sent": 0, "is_chunked": False,
            "headers": [("HOST", "shop"), ("CONTENT-TYPE", "a/b")],
        }),
    ],
)  # fmt: skip
def test_what_the_objects_say(project, environ, expected):
    shop = Worker(project.loaded(SEEN))
    shop.serve(hello, environ)
    seen = sys.modules["shophooks"].seen
    assert {name: seen[name] for name in expected} == expected


def test_a_log_of_the_users(project):
    project.write(
        "shoplog.py",
        """
        class Log:
            lines = []
            def __init__(self, cfg): pass
            def access(self, resp, req, environ, request_time):
                self.lines.append((resp.status, req.path, environ["PATH_INFO"], request_time.days))
                if req.path == "/late":
                    raise OSError("disk full")
            def exception(self, text):
                self.lines.append(text)
        """,
    )
    shop = Worker(project.loaded("def on_exit(server): pass\n", logger_class="shoplog.Log"))
    shop.serve(hello, *[environ_of(path) for path in ("/", "/boom", "/late")])
    assert sys.modules["shoplog"].Log.lines == [
        ("200 OK", "/", "/", 0),
        ("200 OK", "/boom", "/boom", 0),
        ("200 OK", "/late", "/late", 0),
        "the access log failed",
    ]
