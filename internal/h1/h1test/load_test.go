package h1test

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	accepted = `# RFC 9112 7.1: a chunked body, with
# a trailer.
-- request --
POST /a\x20HTTP/1.1\r\n
Host: a\r\nX-A:\t b\\\r\n
X-Empty:\r\n
\r\n
-- want --
method: POST
target: /a
version: HTTP/1.1
host: a
field: X-A: b\\
field: X-Empty:
framing: chunked
body: \0\{x*3}
trailer: X-T: u
close: no
`
	refused = `# Smuggling, CL.TE: both.
-- request --
GET /\r\n
-- want --
status: 400
at: head
`
)

// corpusWith is a corpus of one file of each kind.
func corpusWith(accept, refuse string) fs.FS {
	return fstest.MapFS{
		"accept/rfc9112-7.1-one.http":     {Data: []byte(accept)},
		"refuse/smuggling-cl.te-one.http": {Data: []byte(refuse)},
	}
}

func TestLoad(t *testing.T) {
	got, err := Load(corpusWith(accepted, refused))
	if err != nil {
		t.Fatal(err)
	}
	want := Corpus{
		Accept: []Accepted{{
			Case: Case{
				Name:    "rfc9112-7.1-one",
				Why:     "RFC 9112 7.1: a chunked body, with a trailer.",
				Request: []byte("POST /a HTTP/1.1\r\nHost: a\r\nX-A:\t b\\\r\nX-Empty:\r\n\r\n"),
			},
			Method: "POST", Target: "/a", Version: "HTTP/1.1", Host: "a",
			Fields:  []Field{{"X-A", `b\`}, {"X-Empty", ""}},
			Framing: Chunked, Body: []byte("\x00xxx"), Trailers: []Field{{"X-T", "u"}},
		}},
		Refuse: []Refused{{
			Case:   Case{Name: "smuggling-cl.te-one", Why: "Smuggling, CL.TE: both.", Request: []byte("GET /\r\n")},
			Status: 400, At: Head,
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Each slip of the pen is told, with the file's name, and with the line's number if
// it is in one line.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ file, old, new, want string }{
		{accepted, "# RFC", "RFC", "line 1: before"},
		{accepted, "RFC 9112 7.1: ", "", "the comment wants the form"},
		{accepted, "a trailer.", "a trailer", "the comment wants the form"},
		{accepted, "-- request --\n", "", "wants a section"},
		{accepted, "-- request --", "- request -", "wants a section"},
		{accepted, "-- want --\n", "", "wants a section"},
		{accepted, "close: no\n", "close: no", "the last line does not end"},
		{accepted, "host: a\n", "host: a \n", "line 12: it ends in whitespace"},
		{accepted, "host: a\n", "host: a\r\n", "line 12: it ends in whitespace"},
		{accepted, "X-Empty:\\r\\n\n", "X-Empty:\\r\\n\n\n", "line 7: it is empty"},
		{accepted, `\x20`, `\x2`, "line 4: \\x wants"},
		{accepted, "body: \\0", "body: \\q", "line 16: unknown escape"},
		{accepted, "method: POST", "metod: POST", "line 9: want `key: value`"},
		{accepted, "method: POST", "status: 400", "line 9: want `key: value`"},
		{accepted, "method: POST", "POST", "line 9: want `key: value`"},
		{accepted, "method: POST\n", "", "method is missing"},
		{accepted, "host: a\n", "", "host is missing"},
		{accepted, "host: a\n", "host: a\nhost: b\n", "line 13: host is there twice"},
		{accepted, "field: X-A: b", "field: X-A", "not `Name: value`"},
		{accepted, "field: X-A: b", "field: : b", "not `Name: value`"},
		{accepted, "field: X-A: b", `field: X-A:\tb`, "not `Name: value`"},
		{accepted, "framing: chunked", "framing: chunks", `framing is "chunks"`},
		{accepted, "framing: chunked", "framing: none", "there is a body"},
		{accepted, "framing: chunked", "framing: length", "there are trailers"},
		{accepted, "body: \\0\\{x*3}\n", "", "body is missing"},
		{accepted, "close: no", "close: maybe", `close is "maybe"`},
		{refused, "status: 400", "status: 200", `status is "200"`},
		{refused, "status: 400", "status: bad", `status is "bad"`},
		{refused, "status: 400\n", "", `status is ""`},
		{refused, "at: head", "at: foot", `at is "foot"`},
		{refused, "GET /\\r\\n\n", "", "wants a section"},
	} {
		changed := strings.Replace(c.file, c.old, c.new, 1)
		if changed == c.file {
			t.Fatalf("%q is not there to be changed", c.old)
		}
		corpus := corpusWith(changed, refused)
		if c.file == refused {
			corpus = corpusWith(accepted, changed)
		}
		_, err := Load(corpus)
		if err == nil || !strings.Contains(err.Error(), "-one.http: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want an error with %q", c.new, c.old, err, c.want)
		}
	}
}

func TestLoadRefusesNames(t *testing.T) {
	for _, name := range []string{"README.md", "rfc9112-6.3.http", "RFC9112-6.3-a.http", "te-and-cl.http", "rfc9112-6.3-te_and_cl.http", "rfc9112-6.3-te", "smuggling.http"} {
		corpus := corpusWith(accepted, refused).(fstest.MapFS)
		corpus["refuse/"+name] = &fstest.MapFile{Data: []byte(refused)}
		if _, err := Load(corpus); err == nil || !strings.Contains(err.Error(), "refuse/"+name+": the name wants") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadWantsBothDirectories(t *testing.T) {
	if _, err := Load(fstest.MapFS{"accept/rfc9112-7.1-one.http": {Data: []byte(accepted)}}); err == nil {
		t.Error("a corpus without a directory refuse was taken")
	}
	if _, err := Load(fstest.MapFS{"accept": {Mode: fs.ModeDir}, "refuse": {Mode: fs.ModeDir}}); err == nil || !strings.Contains(err.Error(), "accept has no cases") {
		t.Errorf("an empty corpus: %v", err)
	}
}
