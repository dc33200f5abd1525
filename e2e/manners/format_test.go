package manners

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// defaultForm is gunicorn's own.
const defaultForm = `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`

// allAtoms are gunicorn's, and each kind of field.
const allAtoms = defaultForm + ` m=%(m)s U=%(U)s q=%(q)s H=%(H)s B=%(B)s T=%(T)s M=%(M)s D=%(D)s L=%(L)s p=%(p)s ` +
	`i=%({X-One}i)s,%({x-missing}i)s o=%({x-said}o)s,%({Content-Length}o)s,%({nope}o)s ` +
	`e=%({REQUEST_METHOD}e)s,%({script_name}e)s,%({RAW_URI}e)s,%({HTTP_X_ONE}e)s,%({SERVER_NAME}e)s,%({wsgi.url_scheme}e)s,%({nope}e)s %% %(s)6s|%(m)-6s|`

// masked hides what is another time's or another process's, but not its shape.
func masked(line string) string {
	line = regexp.MustCompile(`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d ([+-]\d{4})\]`).ReplaceAllString(line, "[time $1]")
	line = regexp.MustCompile(`L=\d+\.\d{6} `).ReplaceAllString(line, "L=seconds ")
	return regexp.MustCompile(`([TMD]=|p=<)\d+`).ReplaceAllString(line, "${1}number")
}

// Both servers write the same lines for the same requests.
func TestFormatIsGunicorns(t *testing.T) {
	t.Parallel()
	findGunicorn(t)
	for name, form := range map[string]string{"default": defaultForm, "all": allAtoms} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := filepath.Join(t.TempDir(), "access"), filepath.Join(t.TempDir(), "access")
			other := gunicorn(t, "--access-logfile", theirs, "--access-logformat", form)
			s := start(t, "--access-log", ours, "--access-log-format", form)
			requests := []struct {
				method, target string
				fields         map[string]string
			}{
				{"GET", "/", nil},
				{"GET", "/a%20b/c?d=e&f=%22", map[string]string{"Referer": "http://example.com/?q=1", "X-One": `with "quotes"`}},
				{"HEAD", "/missing", map[string]string{"Authorization": "Basic YWxpY2U6c2VjcmV0"}},
				{"GET", "/missing", map[string]string{"Authorization": "Basic nonsense"}},
				{"DELETE", "/none", map[string]string{"Authorization": "Bearer abc"}},
				{"GET", "/?q", map[string]string{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}},
			}
			for _, r := range requests {
				ask(t, other, r.method, r.target, r.fields)
				ask(t, s.Address, r.method, r.target, r.fields)
			}
			got, want := lines(t, ours, len(requests)), lines(t, theirs, len(requests))
			for i := range requests {
				if masked(got[i]) != masked(want[i]) {
					t.Errorf("%s %s:\nours     %s\ngunicorn %s", requests[i].method, requests[i].target, got[i], want[i])
				}
			}
		})
	}
}

// A line has what the wire's request has, whatever the wire.
func TestFormatOnEachWire(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	form := `%(m)s %(uri)s %(U)s ?%(q)s %(s)s %(b)s i=%({X-One}i)s o=%({x-said}o)s e=%({REQUEST_METHOD}e)s %({HTTP_X_ONE}e)s %({DEPLOYED}e)s host=%({host}i)s %(host)s`
	o := harness.Listening(harness.Options{
		App: "site_app:application", Dir: newApp(t), Python: harness.Newest(t).Path,
		Args: []string{"--workers", "1", "--access-log", path, "--access-log-format", form, "--environ", "DEPLOYED=yes"},
	})
	s := harness.Start(t, o)
	n := 0
	for _, w := range harness.Spoken() {
		t.Run(w.Name, func(t *testing.T) {
			c := s.Speak(w)
			c.Connect(t).Do(harness.Ask("GET", "/a%20b?c=d", "X-One: two"))
			n++
			got := lines(t, path, n)[n-1]
			if !regexp.MustCompile(`^GET /a%20b\?c=d /a b \?c=d 200 5 i=two o=by the application e=GET two yes host=test.example test.example$`).MatchString(got) {
				t.Errorf("%s", got)
			}
		})
	}
}

// What the front answers itself has its own fields.
func TestFormatOfOwnAnswers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	s := start(t, "--access-log", path, "--access-log-format", "%(s)s %({content-type}o)s %({retry-after}o)s %(U)s")
	ask(t, s.Address, "GET", "/broken", nil)
	if got := lines(t, path, 1)[0]; got != "500 text/plain; charset=utf-8 - /broken" {
		t.Error(got)
	}
}

// A form that makes no sense is refused at the start, and says where.
func TestFormatRefused(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"%(h)s %(zz)s": "access-log-format: no such atom: zz: there are h addr",
		"%(h)s 100%":   "begins no atom",
	} {
		out, code := run(t, "run", "site_app:application", "--chdir", newApp(t), "--access-log-format", form)
		if code != 2 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %s", form, code, out)
		}
	}
}
