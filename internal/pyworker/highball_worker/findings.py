"""What `highball check` has found: each break once, with the probes that show it."""

from __future__ import annotations

from typing import Any

from . import wire
from .clauses import RULES

BREAK = "break"
NOTE = "note"  # allowed, but not wise, or only wsgiref.validate's opinion


class Findings:
    """Collects breaks while probes run."""

    def __init__(self) -> None:
        self.probe = ""
        self.only_notes = False  # the probe asks for more than servers do
        self._found: dict[tuple[str, ...], dict[str, Any]] = {}
        self._changed: list[dict[str, Any]] = []
        self._of_probe: set[tuple[str, str]] = set()
        self._exceptions: list[BaseException] = []

    def begin(self, probe: str, only_notes: bool) -> None:
        self.probe = probe
        self.only_notes = only_notes
        self._of_probe = set()
        self._exceptions = []

    def add(self, rule: str, problem: str, where: str, layer: str, **more: str) -> None:
        """A layer further out that only passes a break on is not blamed for it."""
        if (rule, problem) in self._of_probe:
            return
        self._of_probe.add((rule, problem))
        level = more.pop("level", NOTE if self.only_notes else BREAK)
        # One place breaks one rule once, though the texts of two probes may differ.
        key = (rule, layer, where or problem)
        finding = self._found.get(key)
        if finding is None:
            finding = self._found[key] = self._finding(rule, problem, where, layer, level)
            finding.update((name, wire.text(text)) for name, text in more.items())
        elif level == BREAK:
            finding["level"] = BREAK
        if self.probe not in finding["probes"]:
            finding["probes"].append(self.probe)
        if finding not in self._changed:
            self._changed.append(finding)

    def is_broken(self, where: str) -> bool:
        """Whether a break at this place has been found."""
        return any(f["where"] == where and f["level"] == BREAK for f in self._found.values())

    def is_known(self, exc: BaseException) -> bool:
        """Whether this exception has been seen before; from now on it has."""
        known = any(seen is exc for seen in self._exceptions)
        self._exceptions.append(exc)
        return known

    def changed(self) -> list[dict[str, Any]]:
        """What is new, or was shown by another probe, since the last call."""
        changed, self._changed = self._changed, []
        return changed

    def _finding(
        self, rule: str, problem: str, where: str, layer: str, level: str
    ) -> dict[str, Any]:
        clause, section, says, advice = RULES[rule]
        return {
            "id": len(self._found),
            "rule": rule,
            "level": level,
            "clause": clause,
            "section": section,
            "says": says,
            "advice": advice,
            "problem": wire.text(problem),
            "where": wire.text(where),
            "layer": wire.text(layer),
            "probes": [],
        }
