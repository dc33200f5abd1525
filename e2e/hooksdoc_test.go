package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// documentedHooks are the Python examples of the manual's section on hooks.
func documentedHooks(t *testing.T) (examples []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Hooks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for {
		_, rest, more := strings.Cut(section, "```python\n")
		if !more {
			return examples
		}
		var example string
		example, section, _ = strings.Cut(rest, "```")
		examples = append(examples, example)
	}
}

// documentedHook is a row of the manual's table of hooks.
type documentedHook struct{ name, process, when, exception string }

func tableOfHooks(t *testing.T) (rows []documentedHook) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| Hook | Process | When | An exception in it |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		name, _, called := strings.Cut(strings.TrimPrefix(cells[0], "`"), "(")
		if called && len(cells) == 4 {
			rows = append(rows, documentedHook{name, cells[1], cells[2], cells[3]})
		}
	}
	return rows
}

// hooksWhose are those of whose exceptions the manual says what begins so.
func hooksWhose(t *testing.T, exception ...string) (names []string) {
	t.Helper()
	for _, row := range tableOfHooks(t) {
		for _, beginning := range exception {
			if strings.HasPrefix(row.exception, beginning) {
				names = append(names, row.name)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("the manual has no hook whose exception is %q", exception)
	}
	return names
}

// The manual has each hook, and says of each what an exception does: the tests that try
// that go by what it says.
func TestEachHookIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("hookpeer", "gunicorn.conf.py"))
	if err != nil {
		t.Fatal(err)
	}
	tried := len(hooksWhose(t, "the start", "there is no fork", "at a start", "logged", "the reload fails", "the upgrade fails", "500"))
	if rows := tableOfHooks(t); tried != len(rows) || len(rows) != 15 {
		t.Errorf("the manual has %d hooks, and exceptions of %d are tried", len(rows), tried)
	}
	for _, row := range tableOfHooks(t) {
		if !strings.Contains(string(text), "\ndef "+row.name+"(") {
			t.Errorf("%s is not compared with gunicorn's", row.name)
		}
		if inZygote := strings.HasPrefix(row.process, "zygote"); !inZygote && !strings.HasPrefix(row.process, "worker") {
			t.Errorf("%s is called in %q", row.name, row.process)
		}
	}
}

// clientSite has a connection that Highball knows nothing of.
const clientSite = `
from mysite.db import client
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"inherited" if client.is_open else b"closed"]
`

// alchemySite has an engine that notes what it is told: SQLAlchemy's is not needed for that.
const alchemySite = `
import os
from mysite.db import engine
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"closed" if engine.disposed == [(os.getpid(), False)] else b"inherited"]
`

// database is what both have been made with.
const database = `
import os
class Engine:
    disposed = []
    def dispose(self, close=True):
        self.disposed.append((os.getpid(), close))
engine = Engine()
class Client:
    is_open = True
    def close(self):
        self.is_open = False
client = Client()
`

// The manual's examples do what it says, and without them it is as it says.
func TestDocumentedHooks(t *testing.T) {
	t.Parallel()
	examples := documentedHooks(t)
	if len(examples) != 2 {
		t.Fatalf("the manual has %d examples of hooks", len(examples))
	}
	for i, app := range []string{clientSite, alchemySite} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"mysite/__init__.py": "", "mysite/hooks.py": examples[i], "mysite/db.py": database, "mysite/wsgi.py": app,
		} {
			writeFile(t, filepath.Join(dir, name), text)
		}
		for body, hooks := range map[string][]string{"closed": {"--hooks", "mysite.hooks"}, "inherited": nil} {
			s := harness.Start(t, harness.Options{
				App: "mysite.wsgi", Dir: dir, Args: append(hooks, "--preload", "--workers", "1", "--threads", "1"),
			})
			s.Get(t, "/").Want(t, 200, body)
		}
	}
}
