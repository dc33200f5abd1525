package e2e

import (
	"net/http"
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestServerAddsWhatHTTPRequires(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		for _, path := range []string{"/hello", "/no_length/generator", "/no_body/204?how=list", "/raises/call"} {
			r := s.Get(t, path)
			if _, err := http.ParseTime(r.Get("Date")); err != nil {
				t.Errorf("%s: Date: %v", path, err)
			}
			framed := r.Has("Content-Length") || r.Get("Transfer-Encoding") == "chunked" || !s.Can(harness.Raw) && r.Status != 204
			want(t, path+" is framed", framed, r.Status != 204)
		}
	})
}

func TestFieldNamesAreComparedWithoutCase(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/own_fields")
		r.Want(t, 200, "mine")
		for _, name := range []string{"Content-Length", "Date", "Server", "Content-Type"} {
			want(t, name+" occurs", len(r.All(name)), 1)
		}
	})
}

func TestNothingTheApplicationSaidIsOverridden(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/own_fields")
		want(t, "Date", r.Get("Date"), "Thu, 01 Jan 1970 00:00:00 GMT")
		want(t, "Server", r.Get("Server"), "mine")
		want(t, "Content-Type", r.Get("Content-Type"), "text/plain")
		if r := s.Get(t, "/no_body/200?how=list"); r.Has("Content-Type") {
			t.Errorf("Content-Type %q was guessed", r.Get("Content-Type"))
		}
		if r := s.Get(t, "/lengths/one?declare=2&send=2"); r.Get("Content-Type") != "text/plain" {
			t.Errorf("Content-Type is %q", r.Get("Content-Type"))
		}
	})
}

func TestFieldsMayRepeat(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/fields")
		want(t, "status", r.Status, 299)
		want(t, "Set-Cookie", strings.Join(r.All("Set-Cookie"), " "), "a=1 b=2 c=3")
		want(t, "A-Field", r.Get("A-Field"), "caf\xe9")
		want(t, "X-Lower", r.Get("X-Lower"), "1")
	})
}

func TestRangesAndConditionsAreTheApplications(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/ranges", "Range: bytes=2-4")
		r.Want(t, 206, "234")
		want(t, "Content-Range", r.Get("Content-Range"), "bytes 2-4/10")
		r = s.Get(t, "/ranges", `If-None-Match: "v1"`)
		r.Want(t, 304, "")
		want(t, "ETag", r.Get("ETag"), `"v1"`)
		s.Get(t, "/ranges/ignores", "Range: bytes=2-4", `If-None-Match: "v1"`).Want(t, 200, "0123456789")
	})
}
