"""Says what it got for a body; ?die=FILE kills the worker the first time."""

import hashlib
import io
import os
import signal

from support import query, reply, tell


def digest(stream):
    found = hashlib.sha256()
    for piece in iter(lambda: stream.read(1 << 20), b""):
        found.update(piece)
    return found.hexdigest()


def application(environ, start_response):
    asked, stream = query(environ), environ["wsgi.input"]
    tell(environ, "called")
    result = {
        "length": environ.get("CONTENT_LENGTH", ""),
        "coding": environ.get("HTTP_TRANSFER_ENCODING", ""),
        "digest": digest(stream),
    }
    if "die" in asked and not os.path.exists(asked["die"]):
        open(asked["die"], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    result["kind"] = "memory" if isinstance(stream, io.BytesIO) else "file" if stream.seekable() else "stream"
    if result["kind"] != "stream":
        result["end"] = stream.tell()
        stream.seek(0)
        result["again"] = digest(stream)
    if result["kind"] == "file":
        result["size"] = os.fstat(stream.fileno()).st_size
        result["inheritable"] = os.get_inheritable(stream.fileno())
        try:
            os.write(stream.fileno(), b"x")
            result["writable"] = True
        except OSError:
            result["writable"] = False
    return reply(start_response, result)
