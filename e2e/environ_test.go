package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// environ is what e2e/apps/environ reports.
type environ struct {
	Dict   bool
	Values map[string]string // characters stand for bytes: latin-1
	Types  map[string]string
}

func rawEnviron(t *testing.T, s *harness.Client, request string) environ {
	t.Helper()
	var e environ
	s.Raw(t, request).JSON(t, &e)
	return e
}

// bytesOf turns a latin-1 str of Python into the bytes that it stands for.
func bytesOf(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	for _, r := range s {
		if r > 0xFF {
			t.Errorf("%q has characters beyond latin-1", s)
		}
		b.WriteByte(byte(r))
	}
	return b.String()
}

func TestRequestMethod(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, method := range []string{"GET", "DELETE", "PURGE", "M-SEARCH", "get"} {
			e := environOf(t, s, harness.Ask(method, "/environ"))
			want(t, "REQUEST_METHOD", e.Values["REQUEST_METHOD"], method)
		}
	})
}

func TestQueryString(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for target, query := range map[string]string{
			"/environ?a=%20&b":    "a=%20&b",
			"/environ?":           "",
			"/environ":            "",
			"/environ?a?b=/c":     "a?b=/c",
			"/environ?x=\xc3\xa9": "x=\xc3\xa9",
		} {
			e := environOf(t, s, harness.Ask("GET", target))
			want(t, "QUERY_STRING of "+target, bytesOf(t, e.Values["QUERY_STRING"]), query)
		}
	})
}

func TestServerNameAndPortAreNeverEmpty(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		name, port := s.Serves(t)
		e := environOf(t, s, harness.Ask("GET", "/environ"))
		want(t, "SERVER_NAME", e.Values["SERVER_NAME"], name)
		want(t, "SERVER_PORT", e.Values["SERVER_PORT"], port)
		want(t, "type of SERVER_PORT", e.Types["SERVER_PORT"], "str")
	})
}

func TestServerNameAndPortWithoutAHost(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		name, port := s.Serves(t)
		for what, request := range map[string]string{
			"HTTP/1.0 without Host": "GET /environ HTTP/1.0\r\n\r\n",
			"an empty Host":         "GET /environ HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
		} {
			e := rawEnviron(t, s, request)
			want(t, "SERVER_NAME with "+what, e.Values["SERVER_NAME"], name)
			want(t, "SERVER_PORT with "+what, e.Values["SERVER_PORT"], port)
		}
	}, harness.Raw)
}

func TestServerProtocol(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		want(t, s.Name, environOf(t, s, harness.Ask("GET", "/environ")).Values["SERVER_PROTOCOL"], s.Protocol)
		if s.Can(harness.Raw) {
			want(t, "HTTP/1.0", rawEnviron(t, s, "GET /environ HTTP/1.0\r\n\r\n").Values["SERVER_PROTOCOL"], "HTTP/1.0")
		}
	})
}

func TestCommonVariables(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Connect(t)
		var e environ
		c.Do(harness.Ask("GET", "/environ/%41%2f?q=%41")).JSON(t, &e)
		want(t, "REMOTE_ADDR:REMOTE_PORT", e.Values["REMOTE_ADDR"]+":"+e.Values["REMOTE_PORT"], c.Local())
		want(t, "REQUEST_URI", e.Values["REQUEST_URI"], "/environ/%41%2f?q=%41")
		want(t, "RAW_URI", e.Values["RAW_URI"], "/environ/%41%2f?q=%41")
		if software := e.Values["SERVER_SOFTWARE"]; !strings.HasPrefix(software, "highball/") {
			t.Errorf("SERVER_SOFTWARE is %q", software)
		}
	})
}

func TestVariablesWithoutAValueAreLeftOut(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for key, value := range environOf(t, s, harness.Ask("GET", "/environ/x?y")).Values {
			if value == "" {
				t.Errorf("%s is there and empty", key)
			}
		}
	})
}

func TestVariablesAreBuiltinStrings(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("POST", "/environ?q", "Content-Type: a/b", "X-A: \xe9").With("body"))
		want(t, "the type of highball.queue_time", e.Types["highball.queue_time"], "float")
		delete(e.Types, "highball.queue_time")
		for key, kind := range e.Types {
			if !strings.HasPrefix(key, "wsgi.") && kind != "str" {
				t.Errorf("%s is a %s", key, kind)
			}
		}
	})
}

// cgiName is what is not of the server's own making: CGI and common practice.
var cgiName = regexp.MustCompile(`^(HTTP_[A-Z0-9_]+|REQUEST_METHOD|SCRIPT_NAME|PATH_INFO|QUERY_STRING|CONTENT_(TYPE|LENGTH)|` +
	`SERVER_(NAME|PORT|PROTOCOL|SOFTWARE)|REMOTE_(ADDR|PORT)|REQUEST_URI|RAW_URI|HTTPS|SSL_[A-Z0-9_]+)$`)

// proxysOwn are what nginx says beyond CGI.
var proxysOwn = []string{"DOCUMENT_ROOT", "REQUEST_SCHEME"}

func TestOwnVariablesAreNamedAsThePEPWants(t *testing.T) {
	own := regexp.MustCompile(`^(wsgi|highball)\.[a-z0-9_.]+$`)
	onWires(t, func(t *testing.T, s *harness.Client) {
		for key := range environOf(t, s, harness.Ask("POST", "/environ", "Content-Type: a/b").With("b")).Values {
			deployed := key == "test.deployer" || key == "DEPLOYED" || !s.Can(harness.Connections) && slices.Contains(proxysOwn, key)
			if !cgiName.MatchString(key) && !own.MatchString(key) && !deployed {
				t.Errorf("%s is neither a CGI variable nor named as the server's own", key)
			}
		}
	})
}

// What the server's own TLS tells of, and nobody else.
func TestVariablesOfTLS(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ"))
		want(t, "HTTPS is on", e.Values["HTTPS"] == "on", s.Scheme == "https")
		own := s.Listener == "https" || s.Listener == "h3"
		for _, name := range []string{"SSL_PROTOCOL", "SSL_CIPHER"} {
			_, there := e.Values[name]
			want(t, name+" is there", there, own)
		}
	})
}

func TestDeployerAddsToEnviron(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ"))
		want(t, "test.deployer", e.Values["test.deployer"], "said so")
		want(t, "DEPLOYED", e.Values["DEPLOYED"], "1")
	})
}

func TestWSGIVariables(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		e := environOf(t, s, harness.Ask("GET", "/environ"))
		want(t, "wsgi.version", e.Values["wsgi.version"]+" "+e.Types["wsgi.version"], "(1, 0) tuple")
		want(t, "wsgi.url_scheme", e.Values["wsgi.url_scheme"], s.Scheme)
		want(t, "wsgi.run_once", e.Values["wsgi.run_once"], "False")
		want(t, "wsgi.input_terminated", e.Values["wsgi.input_terminated"], "True")
		for _, key := range []string{"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"} {
			if e.Types[key] == "" {
				t.Errorf("%s is missing", key)
			}
		}
	})
}
