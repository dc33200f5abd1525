package obs

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// detailed is a record with all that a form may ask for.
func detailed() AccessRecord {
	r := sample()
	r.Details = &Details{
		Path: "/a b", Query: "b=c",
		Request: http.Header{"X-Twice": {"1", "2"}, "Authorization": {"Basic YWxpY2U6c2VjcmV0"}}, // alice:secret
		Response: func(name string) (string, bool) {
			return "text/plain", name == "content-type"
		},
		Environ: func(name string) (string, bool) {
			return map[string]string{"server_port": "8000", "empty": "", "http_host": "example.com"}[name], name != "no"
		},
	}
	return r
}

func formatted(t testing.TB, form string, r AccessRecord) string {
	t.Helper()
	f, err := CompileFormat(form)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.UnknownError(); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	r.LogTo(t.Context(), NewFormatLogger(&buf, f))
	return buf.String()
}

func TestFormat(t *testing.T) {
	for form, want := range map[string]string{
		DefaultFormat:                                                        `203.0.113.9 - alice [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "http://example.com/" "Mozilla \"5\""`,
		"%(m)s %(U)s?%(q)s %(H)s %(uri)s":                                    "GET /a b?b=c HTTP/1.1 /a?b=c",
		"%(T)s %(M)s %(D)s %(L)s %(queue)s":                                  "0 1 1234 0.001234 0.000100",
		"%(p)s %(pid)s %(id)s %(host)s":                                      "<42> 42 r-1 example.com",
		"%(addr)s %(user)s %(method)s %(proto)s %(status)s %(size)s":         "203.0.113.9 alice GET HTTP/1.1 200 2326",
		"%(secs)s %(msecs)s %(micros)s %(ltime)s %(time)s":                   "0 1 1234 10/Oct/2000:13:55:36 -0700 971211336",
		"%(referer)s %(uagent)s":                                             `http://example.com/ Mozilla \"5\"`,
		"%({x-twice}i)s %({X-TWICE}i)s %({Missing}i)s %({Host}i)s":           "1, 2 1, 2 - example.com",
		"%({Content-Type}o)s %({x-no}o)s":                                    "text/plain -",
		"%({SERVER_PORT}e)s <%({empty}e)s> %({no}e)s":                        "8000 <> -",
		"100%% %(s)d|%(s)6d|%(s)-6d|%(s)06d|%(m)5s|%(H).4s|%(H)-10.4s|%(B)i": "100% 200|   200|200   |000200|  GET|HTTP|HTTP      |2326",
		"":          "",
		"just text": "just text",
	} {
		if got := formatted(t, form, detailed()); got != want+"\n" {
			t.Errorf("%s:\ngot  %swant %s", form, got, want)
		}
	}
}

// gunicorn's %(t)s is when the request ended; uWSGI's ltime when it began.
func TestFormatTimes(t *testing.T) {
	r := detailed()
	r.Duration = 3 * time.Second
	if got := formatted(t, "%(t)s %(ltime)s %(T)s", r); got != "[10/Oct/2000:13:55:39 -0700] 10/Oct/2000:13:55:36 -0700 3\n" {
		t.Error(got)
	}
}

func TestFormatOfLittle(t *testing.T) {
	r := AccessRecord{Time: time.Now(), RemoteAddr: "@", Status: 400}
	if got := formatted(t, `%(h)s %(u)s "%(r)s" %(s)s %(b)s "%(f)s" %(p)s %({a}i)s %({a}o)s %({a}e)s`, r); got != "- - \"-\" 400 0 \"-\" - - - -\n" {
		t.Error(got)
	}
}

func TestFormatErrors(t *testing.T) {
	for form, want := range map[string]string{
		"%":                         "begins no atom",
		"a %d":                      "begins no atom",
		"%(h":                       "begins no atom",
		"%(h)":                      "the letter",
		"%(h)x":                     "the letter",
		"%(h)d":                     "that is a text",
		"%(s)999d":                  "width",
		"%(s)99999999999999999999d": "width",
	} {
		if _, err := CompileFormat(form); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestFormatUnknown(t *testing.T) {
	f, err := CompileFormat("%(h)s %(nope)s %({x}z)s %({}i)s %(nope)d")
	if err != nil {
		t.Fatal(err)
	}
	err = f.UnknownError()
	if err == nil || !strings.Contains(err.Error(), "no such atom: nope, {x}z, {}i, nope: there are h addr l u user t") {
		t.Error(err)
	}
	var buf bytes.Buffer
	r := detailed()
	r.LogTo(t.Context(), NewFormatLogger(&buf, f))
	if buf.String() != "203.0.113.9 - - - -\n" {
		t.Errorf("%q", buf.String())
	}
}

func TestWantsDetails(t *testing.T) {
	for form, want := range map[string]bool{"%(h)s %(s)s": false, "%(u)s": true, "%({a}i)s": true, "%(U)s": true} {
		f, _ := CompileFormat(form)
		if got := WantsDetails(NewFormatLogger(nil, f)); got != want {
			t.Errorf("%s: %v", form, got)
		}
	}
	if WantsDetails(nil) || WantsDetails(NewAccessLogger(nil, "text")) {
		t.Error("a logger of records alone wants details")
	}
}

// A name that would move the fields, or is none.
func TestFormatUser(t *testing.T) {
	for credentials, want := range map[string]string{
		"Basic " + encoded("al ice:x"): `al\x20ice`, "basic " + encoded("a\n"): `a\x0a`, "Basic " + encoded(":x"): "-", "Basic " + encoded("\xff:x"): "-",
		"Basic": "-", "Basic %": "-", "Bearer " + encoded("alice:x"): "-", "": "-", "BASIC  " + encoded("bob"): "bob",
	} {
		r := detailed()
		r.Details.Request = http.Header{"Authorization": {credentials}}
		if got := formatted(t, "%(u)s", r); got != want+"\n" {
			t.Errorf("%q: %q, want %q", credentials, got, want)
		}
	}
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

var gunicornShape = regexp.MustCompile(`^[!-~]+ - [!-~]+ \[[^\]]+\] "(?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*" \d+ \d+ ("(?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*" ?){3}\n$`)

// No text from a client makes a second line or moves the fields.
func FuzzFormat(f *testing.F) {
	f.Add("GET", "/ \" 200", "ua\n", "Basic YSBb", "a\r\nb")
	f.Fuzz(func(t *testing.T, method, target, agent, authorization, field string) {
		r := AccessRecord{Time: time.Now(), RemoteAddr: "203.0.113.9:1", Method: method, Target: target, UserAgent: agent, Status: 200}
		r.Details = detailed().Details
		r.Details.Request = http.Header{"Authorization": {authorization}, "X": {field}}
		got := formatted(t, DefaultFormat+` "%({x}i)s"`, r)
		if !gunicornShape.MatchString(got) {
			t.Errorf("got %q", got)
		}
	})
}

// The page for operators has each atom, by each of its names.
func TestAtomsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range atomNames() {
		if page := string(text); !strings.Contains(page, "`%("+name+")s`") && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the page does not have %s", name)
		}
	}
}
