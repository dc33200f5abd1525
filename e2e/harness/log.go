package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// Entry is one line of the JSON log.
type Entry struct {
	Raw    string
	Fields map[string]any
}

// Message is the entry's text.
func (e Entry) Message() string { return e.Text("msg") }

// Text is a field's value as text, "" if the entry has no such field.
func (e Entry) Text(name string) string {
	if v, ok := e.Fields[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// Has says whether text occurs in the entry's message, request line or traceback.
func (e Entry) Has(text string) bool {
	return strings.Contains(e.Message(), text) || strings.Contains(e.Text("line"), text) ||
		strings.Contains(e.Text("traceback"), text)
}

// Log is what a server has written to its log.
type Log struct {
	mu      sync.Mutex
	entries []Entry
	closed  bool
	changed chan struct{}
}

func newLog() *Log { return &Log{changed: make(chan struct{})} }

func (l *Log) follow(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			l.add(strings.TrimRight(line, "\n"))
		}
		if err != nil {
			break
		}
	}
	l.mu.Lock()
	l.closed = true
	close(l.changed)
	l.mu.Unlock()
}

func (l *Log) add(line string) {
	e := Entry{Raw: line}
	if json.Unmarshal([]byte(line), &e.Fields) != nil {
		e.Fields = map[string]any{"msg": line} // not of the logger: an error of main, say
	}
	l.mu.Lock()
	l.entries = append(l.entries, e)
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
}

// awaitEnd says whether the log ends within limit.
func (l *Log) awaitEnd(limit time.Duration) bool {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		l.mu.Lock()
		closed, changed := l.closed, l.changed
		l.mu.Unlock()
		if closed {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return false
		}
	}
}

// Find returns the entries so far that match.
func (l *Log) Find(match func(Entry) bool) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []Entry
	for _, e := range l.entries {
		if match(e) {
			found = append(found, e)
		}
	}
	return found
}

// Await returns the first entry that matches, as soon as there is one.
func (l *Log) Await(match func(Entry) bool) (Entry, error) {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for seen := 0; ; {
		l.mu.Lock()
		entries, closed, changed := l.entries, l.closed, l.changed
		l.mu.Unlock()
		for ; seen < len(entries); seen++ {
			if match(entries[seen]) {
				return entries[seen], nil
			}
		}
		if closed {
			return Entry{}, fmt.Errorf("the log has ended without the awaited line:\n%s", l.Tail(20))
		}
		select {
		case <-changed:
		case <-timeout.C:
			return Entry{}, fmt.Errorf("the awaited line is not in the log after %s:\n%s", Patience, l.Tail(20))
		}
	}
}

// Wait is Await for tests.
func (l *Log) Wait(t testing.TB, match func(Entry) bool) Entry {
	t.Helper()
	e, err := l.Await(match)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// WaitText waits for an entry in which each of the texts occurs.
func (l *Log) WaitText(t testing.TB, texts ...string) Entry {
	t.Helper()
	e, err := l.Await(hasAll(texts))
	if err != nil {
		t.Fatalf("no line with %q: %v", texts, err)
	}
	return e
}

// Count returns the number of entries so far in which each of the texts occurs.
func (l *Log) Count(texts ...string) int { return len(l.Find(hasAll(texts))) }

func hasAll(texts []string) func(Entry) bool {
	return func(e Entry) bool {
		for _, text := range texts {
			if !e.Has(text) {
				return false
			}
		}
		return true
	}
}

// Tail returns the last n lines.
func (l *Log) Tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, e := range l.entries[max(0, len(l.entries)-n):] {
		fmt.Fprintf(&b, "%.600s\n", e.Raw)
	}
	return b.String()
}
