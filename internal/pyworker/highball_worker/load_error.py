"""The error of a loader that found no application."""

from __future__ import annotations

from collections.abc import Sequence


class LoadError(Exception):
    """Says what could not be found, where it was looked for and what was probably meant.

    Errors inside the user's own code are never turned into a LoadError, except for
    sys.exit() at import: they pass through, for their own traceback says it best.
    """

    def __init__(self, message: str, tried: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.tried = list(tried)
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        lines += ["  tried: " + place for place in self.tried]
        if self.hint:
            lines.append("  hint: " + self.hint)
        return "\n".join(lines)
