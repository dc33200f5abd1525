"""Which rule of PEP 3333 was broken, where wsgiref.validate or we ourselves say that one was."""

from __future__ import annotations

import re
from wsgiref import validate

from .clauses import RULES
from .dev_page import Advice
from .where import deepest

# What is said, and the rule that it is about.
_MEANINGS = (
    (r"made of bytes|non-bytestring|of type bytes", "bytes"),
    (r"No Content-Type header|Content-Type header found in a", "content-type"),
    (r"Status|status", "status"),
    (r"Headers|header", "headers"),
    (r"close\(\) must not be called|object has no attribute", "stream-methods"),
    (r"Iterator read after closed", "after-close"),
    (r"start_response has not yet been called|sent no status", "start-before-body"),
    (r"start_response.*second time|start_response\(\) was called a second", "start-twice"),
    (r"must not return a string|iterator|Iterator|iterable", "iterable"),
    (r"Environ|environ|SCRIPT_NAME|PATH_INFO", "environ-keys"),
    (r"Content-Length", "too-long"),
)


def advice_of(exc: BaseException) -> Advice | None:
    """None where the exception is about something else."""
    file, _ = deepest(exc.__traceback__)
    message = str(exc)
    if file != validate.__file__ and "PEP 3333" not in message:
        return None
    for pattern, rule in _MEANINGS:
        if re.search(pattern, message):
            found = RULES[rule]
            return Advice(found.section, found.says, found.advice)
    found = RULES["validate"]
    return Advice("as wsgiref.validate reads it", found.says, found.advice)
