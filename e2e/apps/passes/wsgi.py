"""What has to pass a proxy: /up is counted, /down is numbered, /pieces waits between them."""

import zlib

from support import gate, query, reply

MIB = 1 << 20
FILLING = bytes(range(256)) * (MIB // 256)


def up(environ, start_response):
    stream, length, found = environ["wsgi.input"], 0, 0
    for piece in iter(lambda: stream.read(MIB), b""):
        length, found = length + len(piece), zlib.crc32(piece, found)
    return reply(start_response, {"length": length, "crc32": found})


def down(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return (b"%16d" % number + FILLING[16:] for number in range(int(query(environ)["mib"])))


def pieces(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    for number in range(3):
        yield b"data: piece %d\n\n" % number
        gate(environ)


PATHS = {"/up": up, "/down": down, "/pieces": pieces}


def application(environ, start_response):
    return PATHS[environ["PATH_INFO"]](environ, start_response)
