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
		{name: "court", args: []string{"uwsgi.ini"}, log: func(p *program) string { return p.file("requests.log") }},
	}
}

const realUWSGI = "/usr/bin/uwsgi" // one that is built by pip reads no JSON

// uwsgiPair is a site served by uWSGI itself and by Highball under its name.
func uwsgiPair(t *testing.T, site project) pair {
	t.Helper()
	if _, err := os.Stat(realUWSGI); err != nil {
		t.Skip("uwsgi is not installed")
	}
	return pair{
		start(t, "uwsgi", site.name, site.env, append([]string{realUWSGI}, site.args...)...),
		start(t, "highball", site.name, site.env, append([]string{harness.Binary(), "uwsgi"}, site.args...)...),
	}
}

// uwsgiRequests are those that uWSGI's own HTTP answers, and some for the site alone.
func uwsgiRequests(site string) []string {
	prefix := map[string]string{"portal": "/portal"}[site]
	asked := slices.DeleteFunc(requests(prefix), func(request string) bool {
		return strings.Contains(request, "chunked") || strings.Contains(request, "Content_Length") // it takes that for a length
	})
	var more []string
	switch site {
	case "portal":
		more = []string{"/elsewhere", "/portals"}
	case "court":
		more = []string{"/desk", "/desk/", "/desk/a%2Fb?c", "/desks", "/till", "/till/open", "/till/open/a", "/till/opened"}
	}
	for _, path := range more {
		asked = append(asked, "GET "+path+" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
	}
	return asked
}

// Clients, applications and logs see the same of both, but for what docs/MIGRATING-UWSGI.md names.
func TestBesideUWSGI(t *testing.T) {
	t.Parallel()
	c := &comparison{may: documented(t, "MIGRATING-UWSGI.md", "Seen by | uWSGI | Highball, and why")}
	t.Run("sites", func(t *testing.T) {
		for _, site := range sites() {
			t.Run(site.name, func(t *testing.T) {
				t.Parallel()
				p := uwsgiPair(t, site)
				p.listen()
				asked := uwsgiRequests(site.name)
				for _, request := range asked {
					line, _, _ := strings.Cut(request, "\r\n")
					t.Run(line, func(t *testing.T) {
						c.answers(t, request, p.theirs.maybe(request), p.ours.maybe(request))
					})
				}
				if site.log != nil {
					c.logs(t, site, uwsgiPair(t, site), asked)
				}
				c.done.Add(1)
			})
		}
	})
	c.complete(t, len(sites()))
}

func TestUWSGISignals(t *testing.T) {
	t.Parallel()
	p := uwsgiPair(t, sites()[1])
	p.listen()
	for _, one := range p.both() {
		t.Run(one.name, func(t *testing.T) {
			one.t = t
			one.handles()
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
			one.handles() // a reload has started the master anew
			one.signal(syscall.SIGTERM)
			if code := one.exit(); code != 0 {
				t.Errorf("exit code %d after SIGTERM", code)
			}
		})
	}
}

// Signals that end it, with their exit codes: SIGTERM with die-on-term, SIGQUIT without.
func TestUWSGIStops(t *testing.T) {
	t.Parallel()
	for sig, site := range map[syscall.Signal]string{syscall.SIGINT: "addons", syscall.SIGTERM: "addons", syscall.SIGQUIT: "court"} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := uwsgiPair(t, sites()[slices.IndexFunc(sites(), func(p project) bool { return p.name == site })])
			p.listen()
			for _, one := range p.both() {
				one.handles()
				one.signal(sig)
				if code := one.exit(); code != 0 {
					t.Errorf("%s: exit code %d after %v", one.name, code, sig)
				}
			}
		})
	}
}

// What ends a start, and with which exit code.
func TestUWSGIExitCodes(t *testing.T) {
	t.Parallel()
	uwsgiPair(t, sites()[0]) // skips where there is none
	for name, test := range map[string]struct {
		code int
		app  string
		args []string
	}{
		"no module":    {22, "", []string{"--need-app", "--module", "nothing_there"}},
		"no attribute": {22, "", []string{"--need-app", "--module", "app:nothing_there"}},
		"no script":    {22, "", []string{"--need-app", "--wsgi-file", "nothing_there.py"}},
		"raises":       {22, "raise RuntimeError('no')\n", []string{"--need-app", "--module", "broken"}},
		"mounted":      {22, "raise RuntimeError('no')\n", []string{"--need-app", "--mount", "/a=broken.py"}},
		"no file":      {1, "", []string{"--ini", "nothing.ini"}},
		"no option":    {1, "", []string{"--strict", "--nothing-there=1", "--module", "app"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, line := range [][]string{{realUWSGI}, {harness.Binary(), "uwsgi"}} {
				args := append([]string{"sh", "-c", `printf "$0" > broken.py; exec "$@"`, test.app}, line...)
				args = append(append(args, "--plugin", "python3", "--http-socket", "127.0.0.1:@PORT@"), test.args...)
				p := start(t, line[0], "airflow", nil, args...)
				if code := p.exit(); code != test.code {
					t.Errorf("%s: exit code %d, want %d\n%s", line[0], code, test.code, p.out)
				}
			}
		})
	}
}
