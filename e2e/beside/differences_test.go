package beside

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"highball/e2e/harness"
)

// difference is a row of a table in docs: what may differ, in which requests.
type difference struct {
	key  string   // a name of environ or of a field, "status", "access log"; one that ends in * stands for all that begin so
	with []string // the request has one of them, where there are any
	seen atomic.Bool
}

// documented reads the table of a page that begins with a head.
func documented(t *testing.T, page, head string) (rows []*difference) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| "+head+" |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(row, " | ")
		codes := regexp.MustCompile("`[^`]+`").FindAllString(cells[0], -1)
		if strings.HasPrefix(row, "|---") {
			continue
		}
		if len(codes) == 0 || len(cells) != 3 || strings.Trim(cells[2], " |") == "" {
			t.Fatalf("docs/%s: %q names nothing, or no reason", page, row)
		}
		for i := range codes {
			codes[i] = strings.Trim(codes[i], "`")
		}
		rows = append(rows, &difference{key: codes[0], with: codes[1:]})
	}
	if !found || len(rows) == 0 {
		t.Fatalf("docs/%s has no table %q", page, head)
	}
	return rows
}

func (d *difference) is(key, request string) bool {
	begin, many := strings.CutSuffix(d.key, "*")
	return (key == d.key || many && strings.HasPrefix(key, begin)) &&
		(len(d.with) == 0 || slices.ContainsFunc(d.with, func(text string) bool { return strings.Contains(request, text) }))
}

// comparison is of two servers, but for the differences that the docs name.
type comparison struct {
	may  []*difference
	done atomic.Int32 // projects that were compared
}

// explained says whether the docs name a difference.
func (c *comparison) explained(key, request string) (is bool) {
	for _, d := range c.may {
		if d.is(key, request) {
			d.seen.Store(true)
			is = true
		}
	}
	return is
}

// complete fails for rows that no request has shown.
func (c *comparison) complete(t *testing.T, projects int) {
	t.Helper()
	if int(c.done.Load()) != projects {
		return // -run chose some of them
	}
	for _, d := range c.may {
		if !d.seen.Load() {
			t.Errorf("the docs name a difference in %s %q that there is not", d.key, d.with)
		}
	}
}

// answer is what the application has said.
type answer struct {
	Environ map[string]string
	Env     map[string]string
	Body    string
	PID     int
	Cwd     string
}

// answers holds an answer of Highball's against the other's.
func (c *comparison) answers(t *testing.T, request string, theirs, ours *harness.Response) {
	t.Helper()
	if theirs.Status != ours.Status {
		if !c.explained("status", request) {
			t.Errorf("status %d, theirs is %d", ours.Status, theirs.Status)
		}
		return
	}
	for _, name := range []string{"Content-Type", "X-Shop", "X-At", "Location", "Connection"} {
		if name == "Content-Type" && theirs.Status >= 500 {
			continue // the page of an error is each one's own
		}
		if a, b := strings.Join(theirs.All(name), ", "), strings.Join(ours.All(name), ", "); a != b && !c.explained(name, request) {
			t.Errorf("%s: %q, theirs is %q", name, b, a)
		}
	}
	var a, b answer
	if json.Unmarshal([]byte(theirs.Body), &a) != nil || json.Unmarshal([]byte(ours.Body), &b) != nil {
		return // HEAD, or an error's page
	}
	if a.Body != b.Body && !c.explained("body", request) {
		t.Errorf("body %q, theirs is %q", b.Body, a.Body)
	}
	if !maps.Equal(withoutPort(a.Env), withoutPort(b.Env)) {
		t.Errorf("environment %v, theirs is %v", b.Env, a.Env)
	}
	keys := maps.Clone(a.Environ)
	maps.Copy(keys, b.Environ)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if eachItsOwn(key) || a.Environ[key] == b.Environ[key] {
			continue
		}
		if !c.explained(key, request) {
			t.Errorf("environ[%q] is %s, theirs is %s", key, b.Environ[key], a.Environ[key])
		}
	}
}

// eachItsOwn are what would differ between two runs of one server.
func eachItsOwn(key string) bool {
	return key == "SERVER_PORT" || key == "REMOTE_PORT" || key == "uwsgi.core"
}

func withoutPort(env map[string]string) map[string]string {
	delete(env, "SHOP_PORT")
	return env
}

// line compares the lines of the access log that a request has made.
func (c *comparison) line(t *testing.T, request, theirs, ours string) {
	t.Helper()
	if ours != theirs && !c.explained("access log", request) {
		t.Errorf("%.60q is logged as\n%s\ntheirs is\n%s", request, ours, theirs)
	}
}
