"""The pages of development: an exception in a request, and code that does not load."""

from __future__ import annotations

import html
import os
from typing import Any, NamedTuple

from .dev_frames import Frame, Line, Raised, chain
from .dev_style import STYLE
from .dev_values import is_secret, shown
from .failure import describe

_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"

# The server says when other code serves; see devevents.go.
_SCRIPT = """
(function () {
  var events = new EventSource("/.highball/dev-events?code=%s");
  events.addEventListener("reload", function () {
    events.close();
    if (%s) location.reload();
    else document.getElementById("fresh").hidden = false;
  });
})();
"""


class Advice(NamedTuple):
    """A rule of PEP 3333 that was broken."""

    section: str
    says: str
    what_to_do: str


def wants_html(environ: dict[str, Any]) -> bool:
    """A browser names text/html; curl and clients of an API do not."""
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def of_request(
    exc: BaseException, environ: dict[str, Any], code: str, advice: Advice | None
) -> tuple[str, bytes]:
    """The content's type, and the page for what the application raised."""
    if not wants_html(environ):
        text = describe(exc)
        if advice is not None:
            text += "\n\nPEP 3333, %s: %s\nwhat to do: %s" % advice
        return _TEXT, _bytes(text + "\n")
    asked = "%s %s" % (environ.get("REQUEST_METHOD", ""), _url(environ))
    raised = chain(exc)
    body = _heading(raised[0], asked) + _advice(advice) + _chain(raised)
    body += _request(environ) + _plain(describe(exc))
    title = f"{raised[0].kind}: {raised[0].message}"
    return _HTML, _page(title, body, code, environ.get("REQUEST_METHOD") in ("GET", "HEAD"))


def of_load(
    failure: dict[str, Any], exc: BaseException, environ: dict[str, Any], code: str
) -> tuple[str, bytes]:
    """The same for an application that does not load."""
    if not wants_html(environ):
        return _TEXT, _bytes(load_text(failure) + "\n")
    told = "The application does not load. Save a change, and this page shows it."
    body = ""
    if failure["traceback"]:
        raised = chain(exc)
        body = _heading(raised[0], told) + _chain(raised) + _plain(failure["traceback"])
        title = f"{raised[0].kind}: {raised[0].message}"
    else:
        title = failure["message"]
        kind = Raised("The application is not found", title, "", [], 0)
        body = _heading(kind, told) + _tried(failure)
    return _HTML, _page(title, body, code, True)


def load_text(failure: dict[str, Any]) -> str:
    parts = [failure["message"], failure["traceback"].rstrip("\n")]
    parts += ["tried: " + place for place in failure["tried"]]
    parts += ["hint: " + failure["hint"]] if failure["hint"] else []
    return "\n".join(part for part in parts if part)


def _page(title: str, body: str, code: str, again: bool) -> bytes:
    script = _SCRIPT % (code, "true" if again else "false")
    note = '<p id="fresh" hidden>Other code serves now: send the request again.</p>'
    return _bytes(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_text(title[:200])}</title><style>{STYLE}</style></head>\n"
        f"<body>{note}{body}\n<footer>highball dev</footer>"
        f"<script>{script}</script></body></html>\n"
    )


def _heading(raised: Raised, told: str) -> str:
    place = next((f for f in reversed(raised.frames) if f.own), None)
    at = ""
    if place is not None:
        within = f" in {_text(place.function)}" if place.function else ""
        at = f'<p class="at">{_text(place.short)}:{place.line}{within}</p>'
    return (
        f'<header><p class="told">{_text(told)}</p><h1>{_text(raised.kind)}</h1>'
        f'<p class="message">{_text(raised.message)}</p>{at}</header>'
    )


def _advice(advice: Advice | None) -> str:
    if advice is None:
        return ""
    return (
        f'<section class="advice"><h2>PEP 3333, {_text(advice.section)}</h2>'
        f"<p>{_text(advice.says)}</p><p><b>What to do:</b> {_text(advice.what_to_do)}</p></section>"
    )


def _chain(chained: list[Raised]) -> str:
    parts = []
    for raised in chained:
        if raised.link:
            parts.append(
                f'<h2 class="link">{_text(raised.link)}</h2><p class="cause">'
                f"<b>{_text(raised.kind)}</b> {_text(raised.message)}</p>"
            )
        parts.append(_frames(raised))
    return "".join(parts)


def _frames(raised: Raised) -> str:
    """The last of the application's own is open: it is where people look first."""
    own = [index for index, frame in enumerate(raised.frames) if frame.own]
    opened = own[-1] if own else len(raised.frames) - 1
    parts = [_frame(frame, index == opened) for index, frame in enumerate(raised.frames)]
    if raised.left:
        parts.insert(len(parts) // 2, f'<p class="left">{raised.left} frames more</p>')
    return '<section class="frames">' + "".join(parts) + "</section>"


def _frame(frame: Frame, opened: bool) -> str:
    function = f" <code>{_text(frame.function)}</code>" if frame.function else ""
    kind = "own" if frame.own else "library"
    return (
        f'<details class="{kind}"{" open" if opened else ""}><summary title="{_text(frame.file)}">'
        f"<span>{_text(frame.short)}</span>:{frame.line}{function}</summary>"
        f"{_source(frame)}{_variables(frame.variables)}</details>"
    )


def _source(frame: Frame) -> str:
    rows = [
        f"<tr{' class=current' if line.current else ''}><td>{line.number}</td>"
        f"<td><pre>{_marked(line)}</pre></td></tr>"
        for line in frame.source
    ]
    return '<table class="source">' + "".join(rows) + "</table>" if rows else ""


def _marked(line: Line) -> str:
    """The part of a line that it is about; where that is all of it, the line alone tells."""
    left, right = line.marked
    text = line.text.ljust(right) if left >= len(line.text) else line.text
    if not text[left:right] or text[left:right].strip() == text.strip():
        return _text(line.text)
    return f"{_text(text[:left])}<mark>{_text(text[left:right])}</mark>{_text(text[right:])}"


def _variables(variables: list[tuple[str, str]]) -> str:
    if not variables:
        return ""
    return '<table class="values">' + "".join(_row(*pair) for pair in variables) + "</table>"


def _row(name: str, value: str) -> str:
    return f"<tr><th>{_text(name)}</th><td><pre>{_text(value)}</pre></td></tr>"


def _request(environ: dict[str, Any]) -> str:
    rows = [_row("query", environ["QUERY_STRING"])] if environ.get("QUERY_STRING") else []
    for key in sorted(environ):
        if key.startswith("HTTP_") or (key.startswith("CONTENT_") and environ[key]):
            name = key[5:] if key.startswith("HTTP_") else key
            value = shown(key, "") if is_secret(key) else str(environ[key])
            rows.append(_row(name.replace("_", "-").title(), value))
    rest = [_row(key, shown(key, environ[key])) for key in sorted(environ) if "HTTP_" not in key]
    return (
        f'<h2>Request</h2><table class="values">{"".join(rows)}</table>'
        f'<details class="library"><summary>environ</summary><table class="values">{"".join(rest)}'
        "</table></details>"
    )


def _plain(text: str) -> str:
    return (
        '<details class="library"><summary>The traceback as text</summary>'
        f'<pre class="plain">{_text(text)}</pre></details>'
    )


def _tried(failure: dict[str, Any]) -> str:
    hint = f"<p>{_text(failure['hint'])}</p>" if failure["hint"] else ""
    tried = "".join(f"<li>{_text(place)}</li>" for place in failure["tried"])
    return f"<section>{hint}{'<h2>Tried</h2><ul>' + tried + '</ul>' if tried else ''}</section>"


def _url(environ: dict[str, Any]) -> str:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1", "replace").decode("utf-8", "replace") or os.sep


def _text(value: str) -> str:
    return html.escape(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
