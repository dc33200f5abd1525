package beside

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// sites are ways in which people start uWSGI.
func sites() []project {
	return []project{
		{name: "sentry", args: []string{"--ini", "uwsgi.ini"}},
		{name: "addons", args: []string{"uwsgi.ini"}, env: []string{"SHOP_WORKERS=2"}},
		{name: "searx", args: []string{"--yaml", "uwsgi.yml"}},
		{name: "portal", args: []string{"--json", "uwsgi.json"}},
	}
}

// uwsgiPair is a site served by uWSGI itself and by Highball under its name.
func uwsgiPair(t *testing.T, site project) pair {
	t.Helper()
	const real = "/usr/bin/uwsgi" // one that is built by pip reads no JSON
	if _, err := os.Stat(real); err != nil {
		t.Skip("uwsgi is not installed")
	}
	return pair{
		start(t, "uwsgi", site.name, site.env, append([]string{real}, site.args...)...),
		start(t, "highball", site.name, site.env, append([]string{harness.Binary(), "uwsgi"}, site.args...)...),
	}
}

// uwsgiCannot are requests that uWSGI's own HTTP misreads; e2e/uwsgi compares its protocol.
func uwsgiCannot(request string) bool {
	return strings.Contains(request, "chunked") || strings.HasPrefix(request, "GET http://") || strings.Contains(request, "Under_Score") ||
		strings.Contains(request, "/raises") // closes without an answer
}

func TestUWSGIAnswers(t *testing.T) {
	t.Parallel()
	for _, site := range sites() {
		t.Run(site.name, func(t *testing.T) {
			t.Parallel()
			p := uwsgiPair(t, site)
			p.listen()
			prefix := map[bool]string{true: "/portal"}[site.name == "portal"]
			for _, request := range requests(prefix) {
				if uwsgiCannot(request) {
					continue
				}
				request = strings.ReplaceAll(request, "PREFIX", prefix)
				line, _, _ := strings.Cut(request, "\r\n")
				t.Run(line, func(t *testing.T) { compareTo(t, p.theirs.ask(request), p.ours.ask(request), uwsgiDiffers) })
			}
		})
	}
}

// uwsgiDiffers are the keys of environ that may differ, with the reason.
var uwsgiDiffers = map[string]string{
	"SERVER_PORT": "each its own",
	"uwsgi.core":  "which thread it was",
}

func TestUWSGISignals(t *testing.T) {
	t.Parallel()
	p := uwsgiPair(t, sites()[1])
	p.listen()
	for _, one := range p.both() {
		t.Run(one.name, func(t *testing.T) {
			one.t = t
			one.pid() // it serves, and has its handlers
			before := one.servers(2)
			one.signal(syscall.SIGHUP)
			harness.Eventually(t, "other workers serve", func() bool { return !slices.Contains(before, one.pid()) })
			between := one.servers(2)
			if err := os.WriteFile(filepath.Join(one.dir, "reload"), []byte("now"), 0o600); err != nil {
				t.Fatal(err)
			}
			harness.Eventually(t, "the touched file has others serve", func() bool { return !slices.Contains(between, one.pid()) })
			if one.file("shop.pid") == "" {
				t.Error("there is no PID file")
			}
			one.signal(syscall.SIGTERM)
			if code := one.exit(); code != 0 {
				t.Errorf("exit code %d after SIGTERM", code)
			}
		})
	}
}
