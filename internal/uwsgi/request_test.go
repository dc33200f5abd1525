package uwsgi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"highball/internal/h1"
	"highball/internal/origin"
)

// get is a packet of a request with these variables, all that it needs among them.
func get(modifier1 byte, variables ...string) []byte {
	return packetOf(modifier1, append([]string{"REQUEST_METHOD", "GET", "REQUEST_URI", "/", "PATH_INFO", "/", "HTTP_HOST", "a.test"}, variables...)...)
}

// without is get, but for one variable.
func without(name string, variables ...string) []byte {
	all := []string{"REQUEST_METHOD", "GET", "REQUEST_URI", "/a%20b?q", "PATH_INFO", "/a b", "QUERY_STRING", "q", "HTTP_HOST", "a.test"}
	if i := slices.Index(all, name); i >= 0 {
		all = slices.Delete(all, i, i+2)
	}
	return packetOf(0, append(all, variables...)...)
}

func fields(n int) (texts []string) {
	for i := range n {
		texts = append(texts, "HTTP_X"+strconv.Itoa(i), "v")
	}
	return texts
}

func others(n int) (texts []string) {
	for i := range n {
		texts = append(texts, "V"+strconv.Itoa(i), "v")
	}
	return texts
}

func TestRefusals(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, tt := range map[string]struct {
		packet []byte
		status int
		want   string
	}{
		"HTTP":                     {[]byte("GET / HTTP/1.1\r\n\r\n"), 400, "client of HTTP"},
		"a long name":              {[]byte{0, 3, 0, 0, 9, 0, 'a'}, 400, "beyond the packet's end"},
		"half a length":            {[]byte{0, 1, 0, 0, 9}, 400, "beyond the packet's end"},
		"a name alone":             {[]byte{0, 3, 0, 0, 1, 0, 'a'}, 400, "beyond the packet's end"},
		"no name":                  {get(0, "", "x"), 400, "without a name"},
		"no method":                {without("REQUEST_METHOD"), 400, "no method"},
		"a method of two words":    {get(0, "REQUEST_METHOD", "GET /"), 400, "no method"},
		"CONNECT":                  {get(0, "REQUEST_METHOD", "CONNECT"), 501, "no proxy"},
		"two lengths":              {get(0, "CONTENT_LENGTH", "5", "CONTENT_LENGTH", "6"), 400, "twice"},
		"a field of two lines":     {get(0, "HTTP_X", "a\r\nb"), 400, "no field"},
		"a field with a NUL":       {get(0, "HTTP_X", "a\x00b"), 400, "no field"},
		"a type of two lines":      {get(0, "CONTENT_TYPE", "a\nb"), 400, "control character"},
		"a NUL in a variable":      {get(0, "SSL_CLIENT_S_DN", "CN=a\x00.test"), 400, "control character"},
		"a length with a sign":     {get(0, "CONTENT_LENGTH", "+5"), 400, "no number"},
		"a negative length":        {get(0, "CONTENT_LENGTH", "-5"), 400, "no number"},
		"a length in hex":          {get(0, "CONTENT_LENGTH", "0x5"), 400, "no number"},
		"a length with a space":    {get(0, "CONTENT_LENGTH", "5 "), 400, "no number"},
		"a list of lengths":        {get(0, "CONTENT_LENGTH", "5, 5"), 400, "no number"},
		"a length of 2^63":         {get(0, "CONTENT_LENGTH", "9223372036854775808"), 400, "too large"},
		"a length of 40 digits":    {get(0, "CONTENT_LENGTH", strings.Repeat("9", 40)), 400, "too large"},
		"a long target":            {get(0, "REQUEST_URI", "/"+long(2000)), 414, "longer than 1024"},
		"a long line by a little":  {get(0, "REQUEST_URI", "/"+long(1024-len("GET  HTTP/1.0\r\n"))), 414, "longer than 1024"},
		"a long path":              {packetOf(0, "REQUEST_METHOD", "GET", "PATH_INFO", "/"+long(2000)), 414, "longer than 1024"},
		"a large head":             {get(0, "HTTP_X", long(4096)), 431, "larger than 4096"},
		"many fields":              {get(0, fields(10)...), 431, "more than 10 fields"},
		"many fields of one name":  {get(0, strings.Split(strings.Repeat("HTTP_X,v,", 10)+"HTTP_X,v", ",")...), 431, "more than 10 fields"},
		"many others":              {get(0, others(254)...), 431, "more than 256 variables"},
		"a target with a space":    {get(0, "REQUEST_URI", "/a b"), 400, "no target"},
		"a target of two lines":    {get(0, "REQUEST_URI", "/a\r\nb"), 400, "control character"},
		"a fragment":               {get(0, "REQUEST_URI", "/#a"), 400, "no target"},
		"an escape cut":            {get(0, "REQUEST_URI", "/%2"), 400, "percent sign"},
		"a target of no path":      {get(0, "REQUEST_URI", "x"), 400, "neither a path nor"},
		"an authority":             {get(0, "REQUEST_URI", "a.test:80"), 400, "neither a path nor"},
		"an asterisk":              {get(0, "REQUEST_URI", "*"), 400, "only OPTIONS"},
		"a host of two":            {get(0, "HTTP_HOST", "a, b"), 400, "no host"},
		"a host with a path":       {get(0, "HTTP_HOST", "a/b"), 400, "no host"},
		"a host with a user":       {get(0, "HTTP_HOST", "u@a"), 400, "no host"},
		"a host's port":            {get(0, "HTTP_HOST", "a:99999"), 400, "no host"},
		"no version":               {get(0, "SERVER_PROTOCOL", "INCLUDED"), 400, "no version"},
		"HTTP/4":                   {get(0, "SERVER_PROTOCOL", "HTTP/4.0"), 505, "version"},
		"a version and more":       {get(0, "SERVER_PROTOCOL", "HTTP/2.0 "), 400, "no version"},
		"an address's name":        {get(0, "REMOTE_ADDR", "localhost"), 400, "no address"},
		"two addresses":            {get(0, "REMOTE_ADDR", "192.0.2.1, 192.0.2.2"), 400, "no address"},
		"an address with its port": {get(0, "REMOTE_ADDR", "192.0.2.1:80"), 400, "no address"},
		"a client's port":          {get(0, "REMOTE_ADDR", "192.0.2.1", "REMOTE_PORT", "99999"), 400, "no port"},
		"a client's port of words": {get(0, "REMOTE_ADDR", "192.0.2.1", "REMOTE_PORT", "80]:1"), 400, "no port"},
		"a server's port":          {get(0, "SERVER_PORT", "http"), 400, "no port"},
		"a path without slash":     {get(0, "PATH_INFO", "a"), 400, "slash"},
		"a prefix without slash":   {get(0, "SCRIPT_NAME", "app"), 400, "slash"},
		"outside":                  {get(30, "SCRIPT_NAME", "/shop", "PATH_INFO", "/x"), 404, "outside"},
		"outside by a letter":      {get(30, "SCRIPT_NAME", "/shop", "PATH_INFO", "/shopping"), 404, "outside"},
	} {
		_, err := Read(bytes.NewReader(tt.packet), limits)
		var refusal *h1.Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		} else if refusal.Status != tt.status || !strings.Contains(refusal.Reason, tt.want) {
			t.Errorf("%s: got %d %q, want %d %q", name, refusal.Status, refusal.Reason, tt.status, tt.want)
		}
	}
}

// What is just within the limits is served, and many variables of the proxy's own are no
// fields of the client.
func TestWithinTheLimits(t *testing.T) {
	line := "/" + strings.Repeat("a", 1024-len("GET / HTTP/1.0\r\n"))
	for name, packet := range map[string][]byte{
		"line":    get(0, "REQUEST_URI", line),
		"fields":  get(0, fields(9)...), // and Host
		"others":  get(0, others(253)...),
		"a chain": get(0, "SSL_CLIENT_CERT", strings.Repeat("-----BEGIN CERTIFICATE-----\n", 1000)),
		"largest": get(0, "CONTENT_LENGTH", "9223372036854775807"),
	} {
		if _, err := Read(bytes.NewReader(packet), limits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPaths(t *testing.T) {
	for name, tt := range map[string]struct {
		packet                      []byte
		script, path, query, target string
	}{
		"as they are":          {get(0, "SCRIPT_NAME", "/s", "PATH_INFO", "/x", "REQUEST_URI", "/y?z"), "/s", "/x", "z", "/y?z"},
		"both":                 {get(0, "SCRIPT_NAME", "/s", "PATH_INFO", "/s/x"), "/s", "/s/x", "", "/"},
		"30":                   {get(30, "SCRIPT_NAME", "/s", "PATH_INFO", "/s/x"), "/s", "/x", "", "/"},
		"30 itself":            {get(30, "SCRIPT_NAME", "/s", "PATH_INFO", "/s"), "/s", "", "", "/"},
		"30 alone":             {get(30, "PATH_INFO", "/s"), "", "/s", "", "/"},
		"Apache's slash":       {get(0, "SCRIPT_NAME", "/s/", "PATH_INFO", "/"), "/s", "/", "", "/"},
		"a slash alone":        {get(0, "SCRIPT_NAME", "/", "PATH_INFO", "/x"), "", "/x", "", "/"},
		"30 with a slash":      {get(30, "SCRIPT_NAME", "/s/", "PATH_INFO", "/s/x"), "/s", "/x", "", "/"},
		"nothing of the path":  {get(0, "SCRIPT_NAME", "/s", "PATH_INFO", ""), "/s", "", "", "/"},
		"no PATH_INFO":         {without("PATH_INFO"), "", "/a b", "q", "/a%20b?q"},
		"no PATH_INFO, prefix": {without("PATH_INFO", "SCRIPT_NAME", "/a b"), "/a b", "", "q", "/a%20b?q"},
		"no QUERY_STRING":      {without("QUERY_STRING"), "", "/a b", "q", "/a%20b?q"},
		"no REQUEST_URI":       {without("REQUEST_URI", "SCRIPT_NAME", "/\xe9"), "/\xe9", "/a b", "q", "/%E9/a%20b?q"},
		"an absolute one":      {without("PATH_INFO", "REQUEST_URI", "http://b.test/x?y"), "", "/x", "q", "http://b.test/x?y"},
		"the last of two":      {get(0, "PATH_INFO", "/x", "PATH_INFO", "/y"), "", "/y", "", "/"},
		"nginx's":              {get(0, "REQUEST_URI", "?q", "QUERY_STRING", "q"), "", "/", "q", "/?q"},
		"bytes":                {get(0, "PATH_INFO", "/\x00\r\n\xff"), "", "/\x00\r\n\xff", "", "/"},
	} {
		f, o := read(t, tt.packet)
		if o.Prefix != tt.script || *o.Path != tt.path || o.Query != tt.query || f.Head.Target != tt.target {
			t.Errorf("%s: got %q, %q, %q, %q", name, o.Prefix, *o.Path, o.Query, f.Head.Target)
		}
	}
}

func TestScheme(t *testing.T) {
	for want, all := range map[string][][]string{
		"https": {{"HTTPS", "on"}, {"HTTPS", "ON"}, {"HTTPS", "1"}, {"UWSGI_SCHEME", "https"}, {"REQUEST_SCHEME", "https"}, {"HTTPS", "on", "REQUEST_SCHEME", "http"}, {"HTTPS", "off", "HTTPS", "on"}},
		"http": {{}, {"HTTPS", ""}, {"HTTPS", "off"}, {"HTTPS", "off", "REQUEST_SCHEME", "https"}, {"HTTPS", "0"}, {"REQUEST_SCHEME", "gopher"}, {"UWSGI_SCHEME", "ws", "HTTPS", "on"},
			{"HTTP_HTTPS", "on"}, {"https", "on"}, {"HTTPS ", "on"}, {"REQUEST_SCHEME", "http", "request_scheme", "https"}},
	} {
		for _, variables := range all {
			if _, o := read(t, get(0, variables...)); o.Scheme != want {
				t.Errorf("%q: got %s", variables, o.Scheme)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	for want, variables := range map[string][]string{
		"":                   nil,
		"192.0.2.1:80":       {"REMOTE_ADDR", "192.0.2.1", "REMOTE_PORT", "80"},
		"[2001:db8::1]:80":   {"REMOTE_ADDR", "2001:db8::1", "REMOTE_PORT", "80"},
		"2001:db8::1":        {"REMOTE_ADDR", "2001:db8::1"},
		"192.0.2.2":          {"REMOTE_ADDR", "192.0.2.1", "REMOTE_ADDR", "192.0.2.2"},
		"[fe80::1]:80":       {"REMOTE_ADDR", "fe80::1%a b", "REMOTE_PORT", "80"},
		"::ffff:192.0.2.9":   {"REMOTE_ADDR", "::ffff:192.0.2.9"},
		"[::ffff:1.2.3.4]:5": {"REMOTE_ADDR", "::ffff:1.2.3.4", "REMOTE_PORT", "5"},
	} {
		if f, _ := read(t, get(0, variables...)); f.Remote != want {
			t.Errorf("%q: got %q", variables, f.Remote)
		}
	}
	if f, _ := read(t, get(0, "REMOTE_ADDR", "unix:", "REMOTE_PORT", "")); f.Remote != "" {
		t.Errorf("of a Unix socket: got %q", f.Remote)
	}
	for want, variables := range map[string][]string{
		"":          {"SERVER_NAME", ""},
		"c.test":    {"HTTP_HOST", "c.test:80", "SERVER_NAME", "", "SERVER_PORT", ""},
		"b.test":    {"SERVER_NAME", "b.test", "SERVER_PORT", "80"},
		"a.test":    {"SERVER_NAME", "", "SERVER_PORT", "80"},
		"[::1]":     {"HTTP_HOST", "[::1]:80", "SERVER_PORT", "80"},
		"localhost": {"HTTP_HOST", "", "SERVER_PORT", "80"},
	} {
		if _, o := read(t, get(0, variables...)); strings.Trim(o.ServerName, "[]") != strings.Trim(want, "[]") {
			t.Errorf("%q: got %q", variables, o.ServerName)
		}
	}
}

// What these say must not be believed, and does not reach the application in any form.
func TestForgedVariablesChangeNothing(t *testing.T) {
	plainRequest, plain := read(t, get(0, "HTTP_X_A", "1"))
	for _, name := range forgedNames {
		f, o := read(t, get(0, "HTTP_X_A", "1", name, "forged"))
		if len(o.Variables) > 0 || o.Scheme != plain.Scheme || o.Prefix != plain.Prefix || *o.Path != *plain.Path || o.Query != plain.Query || o.ServerName != plain.ServerName {
			t.Errorf("%q: got %+v", name, o)
		}
		if !slices.Equal(f.Head.Fields, plainRequest.Head.Fields) || f.Head.Length != 0 || f.Head.Host != "a.test" || f.Remote != "" || f.Proto != "HTTP/1.0" {
			t.Errorf("%q: got %+v", name, f.Head)
		}
	}
}

var forgedNames = []string{
	"wsgi.url_scheme", "wsgi.input", "WSGI.url_scheme", "wsgi.", "highball.request_id", "highball.peer_addr", "Highball.peer_addr",
	"uwsgi.version", "UWSGI_FILE", "UWSGI_SCRIPT", "UWSGI_CHDIR", "UWSGI_PYHOME", "UWSGI_SETENV", "uwsgi_file", "SERVER_SOFTWARE", "RAW_URI", "PATH",
	"HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT",
	"HTTP_content_length", "HTTP_Transfer_Encoding", "HTTP_CONTENT-LENGTH", "http_host", "HTTP_Host", "HTTP_x_a", "HTTP_X-A", "http_x_a", "HTTP_",
	"REMOTE_ADDR\x00", "REMOTE_ADDR=1.2.3.4", "REMOTE_ADDR ", " REMOTE_ADDR", "HTTPS=", "\nHTTPS", "HTTP_X_A\x00", "HTTP_X_A=", "REMOTE_ADDR\xa0", "R\xc9MOTE_ADDR", "\x7f", "=", "A B",
}

// The proxy's own words do come through: texts of several lines, names of any letters.
func TestVariablesForEnviron(t *testing.T) {
	_, o := read(t, get(0, "SSL_CLIENT_CERT", "-----BEGIN\n\tA\r\n", "trac.env_path", "/x", "REMOTE_USER", "a", "REMOTE_USER", "b", "EMPTY", "", "GONE", "x", "GONE", ""))
	want := []origin.Variable{{Name: "SSL_CLIENT_CERT", Value: "-----BEGIN\n\tA\r\n"}, {Name: "trac.env_path", Value: "/x"}, {Name: "REMOTE_USER", Value: "b"}}
	if !slices.Equal(o.Variables, want) {
		t.Errorf("got %q", o.Variables)
	}
}

func TestFieldsThatComeTwice(t *testing.T) {
	f, _ := read(t, get(0, "HTTP_X", "1", "HTTP_X", "2", "HTTP_HOST", "b.test", "CONTENT_LENGTH", "5", "CONTENT_LENGTH", "5"))
	if n := len(f.Head.Fields); n != 4 || f.Head.Host != "b.test" || f.Head.Length != 5 || f.Head.Framing != h1.ByLength {
		t.Errorf("got %+v", f.Head)
	}
}

// Behind a header of the PROXY protocol, its variables stay.
func TestWhatIsKnownOfTheConnectionStays(t *testing.T) {
	f, err := Read(bytes.NewReader(get(0, "HTTPS", "on", "A", "b")), limits)
	if err != nil {
		t.Fatal(err)
	}
	peer := origin.Variable{Name: "highball.peer_addr", Value: "192.0.2.1"}
	connection := &origin.Origin{Variables: []origin.Variable{peer}}
	o := origin.Of(f.Context(origin.With(context.Background(), connection)))
	if o.Scheme != "https" || !slices.Equal(o.Variables, []origin.Variable{peer, {Name: "A", Value: "b"}}) || len(connection.Variables) != 1 {
		t.Errorf("got %+v of %+v", o, connection)
	}
}

// An absolute target says what the request is for (RFC 9112 3.2.2) where the proxy does not.
func TestAbsoluteTarget(t *testing.T) {
	f, _ := read(t, get(0, "REQUEST_URI", "http://b.test:81/", "HTTP_HOST", ""))
	if f.Head.Host != "b.test:81" || f.Head.Method != http.MethodGet {
		t.Errorf("got %+v", f.Head)
	}
	if f, _ = read(t, get(0, "REQUEST_URI", "http://b.test:81/")); f.Head.Host != "a.test" {
		t.Errorf("got %+v", f.Head)
	}
}

// Fields are the word of the client that the packet names. Where it names none they are
// anybody's, whoever has sent the packet; a client on nginx's Unix socket is named.
func TestWhoseFieldsTheyAre(t *testing.T) {
	for address, unvouched := range map[string]bool{"192.0.2.1": false, "unix:": false, "": true} {
		if _, o := read(t, packetOf(0, "REQUEST_METHOD", "GET", "REMOTE_ADDR", address)); o.Unvouched != unvouched {
			t.Errorf("%q: unvouched: %v", address, o.Unvouched)
		}
	}
}
