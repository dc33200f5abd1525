package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// http2Client speaks HTTP/2 in clear text, by prior knowledge.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: harness.Patience}
}

func getHTTP2(t *testing.T, s *harness.Server, path string, v any) {
	t.Helper()
	r, err := http2Client(t).Get(s.URL(path))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}

func TestHTTP2BodiesOfUnknownLength(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		body := strings.Repeat("0123456789", 50_000)
		r, err := http2Client(t).Post(s.URL("/echo"), "a/b", io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != body {
			t.Errorf("got %d bytes, %v; want the %d sent", len(got), err, len(body))
		}
	})
}

func TestHTTP2StreamIsResetWhenTheBodyIsCut(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for _, path := range []string{"/raises/second", "/lengths/generator?declare=9&send=5"} {
			r, err := http2Client(t).Get(s.URL(path))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r.Body); err == nil {
				t.Errorf("%s: the body %q passes for whole", path, got)
			}
			r.Body.Close()
		}
	})
}

func TestEarlyHints(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		r := s.Get(t, "/hints")
		r.Want(t, 200, "hinted")
		want(t, "fields of the final response", r.Get("X-Final")+r.Get("Link"), "1")
		if len(r.Interim) != 1 || r.Interim[0].Status != 103 {
			t.Fatalf("want one 103, got %d interim responses", len(r.Interim))
		}
		want(t, "Link of the 103", strings.Join(r.Interim[0].All("Link"), " | "),
			"</style.css>; rel=preload | </app.js>; rel=preload")

		old := s.Do(t, "GET /hints HTTP/1.0\r\n\r\n")
		old.Want(t, 200, "hinted")
		want(t, "interim responses to HTTP/1.0", len(old.Interim), 0)
	})
}

func TestEarlyHintsOverHTTP2(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		var links []string
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			if code == http.StatusEarlyHints {
				links = append(links, header["Link"]...)
			}
			return nil
		}}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", s.URL("/hints"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http2Client(t).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		want(t, "Link of the 103", strings.Join(links, " | "), "</style.css>; rel=preload | </app.js>; rel=preload")
	})
}
