package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"highball/internal/settings"
)

func page(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// limitRow is a line of the page's tables: the limit, its default and the rest.
func limitRow(page, name string) (standard string, ok bool) {
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) > 3 && strings.TrimSpace(cells[1]) == name {
			return strings.TrimSpace(cells[2]), true
		}
	}
	return "", false
}

// inWords is a default as the page writes it: "16KiB" is 16 KiB.
func inWords(s settings.Setting) string {
	if s.Default == "0" {
		return "none"
	}
	return regexp.MustCompile(`^([0-9.]+)([A-Za-z]+)$`).ReplaceAllString(s.Default, "$1 $2")
}

// The page of limits has each time, number and size that can be set, with its default.
func TestLimitsAreComplete(t *testing.T) {
	text := page(t, "docs/LIMITS.md")
	kinds := []settings.Kind{settings.Int, settings.Duration, settings.Size}
	for _, s := range settingsTable().Settings {
		if !slices.Contains(kinds, s.Kind) {
			continue
		}
		standard, ok := limitRow(text, "`"+s.Name+"`")
		switch {
		case !ok:
			t.Errorf("%s has no row", s.Name)
		case s.Default == "" && s.Automatic == "":
			t.Errorf("%s has no default that could be told", s.Name)
		case s.Default != "" && !strings.HasPrefix(standard, inWords(s)):
			t.Errorf("%s: the page says %q, the default is %s", s.Name, standard, s.Default)
		}
	}
}

// What cannot be set is on the page as the code has it.
func TestFixedLimitsAreTrue(t *testing.T) {
	text := page(t, "docs/LIMITS.md")
	for _, fixed := range []struct{ row, standard, dir, code string }{
		{"empty lines before a request", "8", "internal/h1", "maxEmptyLines = 8\n"},
		{"chunk extensions", "4 KiB a body", "internal/h1", "orDefault(&l.ChunkExtensions, 4<<10)"},
		{"after a refusal, or a response before the body was read", "2 s, and 64 MiB", "internal/h1", "lingerTime  = 2 * time.Second\n"},
		{"after a refusal, or a response before the body was read", "2 s, and 64 MiB", "internal/h1", "lingerBytes = 64 << 20\n"},
		{"a body that nobody reads", "256 KiB, and 2 s", "internal/h1", "drainTime  = 2 * time.Second\n"},
		{"a body that nobody reads", "256 KiB, and 2 s", "internal/h1", "drainBytes = 256 << 10\n"},
		{"in a drain", "1 s", "internal/front", "drainLinger = time.Second\n"},
		{"idle for", "1 s", "internal/front", "evictAfter = time.Second\n"},
		{"streams", "128 for each connection", "internal/h2", "orDefault(s.MaxStreams, 128)"},
		{"streams that end early", "500 at once, 33 a second", "internal/h2", "resetBurst     = 500 "},
		{"streams that end early", "500 at once, 33 a second", "internal/h2", "resetPerSecond = 33\n"},
		{"frames that ask for nothing", "2000 at once, 200 a second", "internal/h2", "burst     = 2000 "},
		{"frames that ask for nothing", "2000 at once, 200 a second", "internal/h2", "perSecond = 200\n"},
		{"a head's frames", "16, and one for each KiB of `limit-request-head`", "internal/h2", "16 + b.limits.Head/1024"},
		{"a head on the wire", "4 times `limit-request-head`", "internal/h2", "4 * b.limits.Head"},
		{"HPACK's table", "4 KiB", "internal/h2", "tableSize     = 4096 "},
		{"unread bodies", "512 KiB for each stream, and for the connection what that makes for 128", "internal/h2", "orDefault(s.StreamBuffer, 512<<10)"},
		{"an answer before the request's end", "1 s, or 256 KiB", "internal/h2", "orElse(s.Linger, time.Second)"},
		{"what waits to be written", "16 KiB of responses; 128 KiB with the answers to PING and the like", "internal/h2", "mostPending = 128 << 10\n"},
		{"answers that wait for each other", "0.5 ms", "internal/h2", "patience   = 500 * time.Microsecond\n"},
		{"max-connections", "three quarters of the descriptors, at most 100,000", "internal/front", "mostConnections = 100_000\n"},
		{"max-connections-per-address", "a quarter of that, for public addresses", "internal/front", "o.MaxConnections/4"},
		{"lines in the log about refusals", "1 a second for the same clause, 10 in all", "internal/front", "ruleEvery      = time.Second "},
		{"lines in the log about refusals", "1 a second for the same clause, 10 in all", "internal/front", "linesPerSecond = 10 "},
		{"new names", "10 at once, then 1 each 2 minutes", "internal/acme", "demandBurst = 10 "},
		{"new names", "10 at once, then 1 each 2 minutes", "internal/acme", "demandEvery = 2 * time.Minute "},
		{"names in memory", "1000", "internal/acme", "demandMost  = 1000 "},
		{"the wait for one", "30 s, and `header-timeout`", "internal/acme", "demandWait = 30 * time.Second\n"},
		{"sent before the response is read", "4 GiB", "internal/gateway", "maxSpill = 4 << 30\n"},
		{"deaths of workers with one request", "10", "internal/gateway", "maxDeaths = 10\n"},
		{"ranges of a file", "16", "internal/static", "mostRanges = 16\n"},
		{"header-timeout", "30 s", "internal/front", "headerTimeout = 30 * time.Second\n"},
		{"keepalive-timeout", "75 s", "internal/front", "idleTimeout   = 75 * time.Second "},
		{"send-timeout", "60 s", "internal/front", "sendTimeout   = 60 * time.Second\n"},
	} {
		standard, ok := limitRow(text, fixed.row)
		if !ok {
			standard, ok = limitRow(text, "`"+fixed.row+"`")
		}
		if !ok || standard != fixed.standard {
			t.Errorf("%s: the page says %q, want %q", fixed.row, standard, fixed.standard)
		}
		if !hasCode(t, fixed.dir, fixed.code) {
			t.Errorf("%s: %s does not have %q any more", fixed.row, fixed.dir, strings.TrimSpace(fixed.code))
		}
	}
}

// What the log says at a limit is said there.
func TestLinesOfLimitsAreTrue(t *testing.T) {
	text := page(t, "docs/LIMITS.md")
	for line, dir := range map[string]string{
		"a request was refused":                      "internal/front",
		"max-connections is reached":                 "internal/front",
		"a client has as many connections as it may": "internal/front",
		"too many open files":                        "internal/front",
		"the request's body could not be kept":       "internal/gateway",
		"request timed out":                          "internal/gateway",
		"a worker could not be started":              "internal/pool",
		"requests were cut":                          ".",
		"requests are served for a while yet":        ".",
		"the worker died while it served a request":  "internal/gateway",
		"worker is replaced":                         "internal/pool",
	} {
		if !strings.Contains(text, "`"+line+"`") {
			t.Errorf("the page does not quote %q", line)
		}
		if !hasCode(t, dir, line) {
			t.Errorf("%s does not say %q any more", dir, line)
		}
	}
}

// hasCode says whether a package's own files have a piece of text.
func hasCode(t *testing.T, dir, code string) bool {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("../../%s/*.go", dir))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files, %v", dir, err)
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && !strings.HasSuffix(path, "_test.go") && strings.Contains(string(text), code)
	})
}
