//go:build !windows

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"highball/internal/settings"
)

// forkedOnly are the settings that make_server's own arguments say, or that are about
// processes which it has none of.
func forkedOnly() []string {
	return []string{"bind", "workers", "threads", "hooks", "max-requests", "max-requests-jitter", "max-worker-lifetime", "max-worker-memory", "memory-budget"}
}

// TestPythonOptions compares the types of the Python package's arguments with the table
// they are written from.
func TestPythonOptions(t *testing.T) {
	const path = "../../python/src/highball/_options.py"
	want := pythonOptions(settingsTable())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != want {
		t.Errorf("%s does not follow the settings table: run go test ./cmd/highball -update", path)
	}
}

func pythonOptions(table settings.Table) string {
	refused := notAttached()
	var common, forked strings.Builder
	for _, s := range table.Settings {
		if _, never := refused[s.Name]; never || s.FlagOnly {
			continue
		}
		to := &common
		if slices.Contains(forkedOnly(), s.Name) {
			to = &forked
		}
		fmt.Fprintf(to, "    %s: %s\n", s.Key(), pythonType(s))
	}
	return `"""The settings of ` + "`highball run`" + ` that serve() and make_server() take, for type checkers.

Written from the settings table: go test ./cmd/highball -update
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from os import PathLike
from typing import Literal, TypedDict, Union

Text = Union[str, PathLike[str], None]
Texts = Union[str, Iterable[str], None]
Table = Union[Mapping[str, str], None]
Count = Union[int, None]
Switch = Union[bool, None]
Time = Union[float, str, timedelta, None]  # seconds, or "1m30s"
Size = Union[int, str, None]  # bytes, or "64KiB"


class Options(TypedDict, total=False):
    """What each server takes. None means the default."""

` + common.String() + `

class ServeOptions(Options, total=False):
    """What serve() takes besides."""

` + forked.String()
}

func pythonType(s settings.Setting) string {
	switch s.Kind {
	case settings.Int:
		return "Count"
	case settings.Duration:
		return "Time"
	case settings.Bool:
		return "Switch"
	case settings.List:
		return "Texts"
	case settings.Map:
		return "Table"
	case settings.Size:
		return "Size"
	case settings.Enum:
		quoted := make([]string, len(s.Choices))
		for i, choice := range s.Choices {
			quoted[i] = `"` + choice + `"`
		}
		return "Literal[" + strings.Join(quoted, ", ") + ", None]"
	default:
		return "Text"
	}
}
