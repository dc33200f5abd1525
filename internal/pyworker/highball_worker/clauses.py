"""What `highball check` holds an application to: PEP 3333 from the application's side.

Each rule has the number of its clause (e2e/clausetable_test.go), the section of the PEP,
what the clause says and what to do about a break of it.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    clause: int  # 0: no clause, but wsgiref.validate or HTTP wants it
    section: str
    says: str
    advice: str


_APPLICATION = "The Application/Framework Side"
_START = "The start_response() Callable"
_BODY = "Unicode Issues"
_LENGTH = "Handling the Content-Length Header"
_STREAMS = "Input and Error Streams"
_ENVIRON = "environ Variables"
_DETAILS = "Specification Details"
_ERRORS = "Error Handling"

RULES = {
    "arguments": Rule(
        1,
        _APPLICATION,
        "an application is called with two positional arguments, never with keywords",
        "call it as application(environ, start_response)",
    ),
    "again": Rule(
        4,
        _APPLICATION,
        "an application can be called again and again",
        "make a new iterable for each call; keep none in a global",
    ),
    "environ-dict": Rule(
        5,
        _DETAILS,
        "environ is a builtin dict, no subclass and nothing like one",
        "hand on dict(environ)",
    ),
    "start-arguments": Rule(
        8,
        _START,
        "start_response takes (status, headers) and perhaps exc_info, by position",
        "call start_response(status, headers), or start_response(status, headers, sys.exc_info())",
    ),
    "optional-keys": Rule(
        14,
        _ENVIRON,
        "SCRIPT_NAME and QUERY_STRING may be absent where they are empty, though the servers "
        "in use send them",
        'read them with a default: environ.get("QUERY_STRING", "")',
    ),
    "environ-keys": Rule(
        26,
        _ENVIRON,
        "the CGI variables that have a value are in environ, and each is a str",
        "let the middleware hand on what it was given, and change only what it has to",
    ),
    "environ-latin1": Rule(
        29,
        _BODY,
        "strings in environ hold one character for each byte: U+0000 to U+00FF",
        'write text.encode("utf-8").decode("latin-1")',
    ),
    "over-read": Rule(
        42,
        _STREAMS,
        "an application reads no more of wsgi.input than CONTENT_LENGTH says; "
        "many servers block there",
        'read at most int(environ.get("CONTENT_LENGTH") or 0) bytes in all',
    ),
    "stream-methods": Rule(
        40,
        _STREAMS,
        "wsgi.input has read, readline, readlines and __iter__, wsgi.errors has write, "
        "writelines and flush; an application uses nothing else of them and closes neither",
        "read the body into io.BytesIO where more is needed",
    ),
    "errors-str": Rule(
        49, _STREAMS, "wsgi.errors is a text stream: it takes str", "decode what you write to it"
    ),
    "start-twice": Rule(
        54,
        _START,
        "start_response is called a second time only with exc_info, after an error",
        "call it once; in an except block, pass sys.exc_info() as the third argument",
    ),
    "status": Rule(
        63,
        _START,
        'the status is a str of three digits, a space and a reason, such as "200 OK"',
        'write f"{status.value} {status.phrase}" of an http.HTTPStatus, or the text itself',
    ),
    "headers": Rule(
        63,
        _START,
        "the headers are a list of (name, value) tuples of str, without control characters",
        'pass a list of tuples: [("Content-Type", "text/plain")]; numbers through str()',
    ),
    "latin1": Rule(
        64,
        _BODY,
        "status and headers hold only characters up to U+00FF",
        "percent-encode other text, or encode it as RFC 8187 has it (filename*=UTF-8''...)",
    ),
    "hop-by-hop": Rule(
        65,
        "Other HTTP Features",
        "connection headers such as Connection and Transfer-Encoding are the server's",
        "leave the header out: the server says it where it is needed",
    ),
    "close": Rule(
        73,
        "Middleware: Components that Play Both Sides",
        "who takes an iterable that has close() calls it in the end, middleware too",
        "give the iterable that the middleware returns a close() that calls the inner one, "
        "or call it in a finally",
    ),
    "after-close": Rule(
        73,
        _DETAILS,
        "an iterable is not read any more after its close()",
        "close the inner iterable at the end of the outer one",
    ),
    "start-before-body": Rule(
        77,
        _APPLICATION,
        "start_response is called before the first block of the body that is not empty",
        "call start_response first, in each branch",
    ),
    "bytes": Rule(
        81,
        _BODY,
        "the body is made of bytes objects, and nothing else",
        'encode text: return [text.encode("utf-8")]',
    ),
    "iterable": Rule(
        83,
        _APPLICATION,
        "an application returns an iterable of bytes objects",
        'return a list, [b"..."] or [], in each branch',
    ),
    "too-long": Rule(
        84,
        _LENGTH,
        "the body is as long as Content-Length says; a server cuts what is more",
        "count bytes, not characters: str(len(body)) of the encoded body, or leave the header out",
    ),
    "too-short": Rule(
        87,
        _LENGTH,
        "the body is as long as Content-Length says; for less, a server cuts the connection",
        "count bytes, not characters: str(len(body)) of the encoded body, or leave the header out",
    ),
    "exception": Rule(
        90,
        _ERRORS,
        "an application handles its errors; one that it does not is a bare 500",
        "answer what cannot be served with a 4xx of your own",
    ),
    "exception-late": Rule(
        91,
        _ERRORS,
        "an application handles its errors; one within the body cuts the response",
        "compute what can fail before the first block",
    ),
    "exception-close": Rule(
        94,
        _ERRORS,
        "close() may be called at any time, after any block, and must not fail",
        "let a generator end where it is closed: no yield in a finally, none after "
        "except GeneratorExit",
    ),
    "no-body": Rule(
        119,
        _START,
        "a response 204 or 304 has no body (RFC 9110 6.4.1)",
        "return [] with that status",
    ),
    "length": Rule(
        120,
        _LENGTH,
        "Content-Length is one decimal number, as a str",
        "write str(len(body)), once",
    ),
    "hang": Rule(
        69,
        "Buffering and Streaming",
        "an application gives its blocks without blocking for ever",
        "find what it waits for; --request-timeout says how long check waits",
    ),
    "server-error": Rule(
        0,
        "RFC 9110 15.6",
        "500 and above say that the application failed; what it does otherwise was not checked",
        "see what it logs: --log-level info",
    ),
    "content-type": Rule(
        0,
        "RFC 9110 8.3",
        "a response with a body says its Content-Type",
        'add ("Content-Type", "text/plain; charset=utf-8"), or what it is',
    ),
    "validate": Rule(122, "wsgiref.validate", "wsgiref.validate refuses this", "see its message"),
}
