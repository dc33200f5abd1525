package https

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"highball/internal/origin"
)

func served(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }

func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		method, target, host string
		port                 uint16
		location             string
	}{
		{"GET", "/", "a.test", 0, "https://a.test/"},
		{"GET", "/", "a.test", 443, "https://a.test/"},
		{"GET", "/a%2Fb?c=d&e", "a.test:8000", 8443, "https://a.test:8443/a%2Fb?c=d&e"},
		{"POST", "/form", "a.test:80", 443, "https://a.test/form"},
		{"GET", "/", "[::1]:8000", 8443, "https://[::1]:8443/"},
		{"GET", "/", "[::1]", 8443, "https://[::1]:8443/"},
		{"GET", "//evil.test/x", "a.test", 443, "https://a.test//evil.test/x"},
		{"GET", "http://a.test/x?y", "a.test", 443, "https://a.test/x?y"},
		{"OPTIONS", "*", "a.test", 443, "https://a.test/"},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		if c.target != "*" {
			r = httptest.NewRequest(c.method, strings.Replace(c.target, "//evil", "/.//evil", 1), nil)
		}
		r.TLS, r.Host, r.RequestURI = nil, c.host, c.target
		w := httptest.NewRecorder()
		Redirect(http.HandlerFunc(served), func() uint16 { return c.port }, nil).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != c.location {
			t.Errorf("%s %s of %s: %d %q, want %q", c.method, c.target, c.host, w.Code, got, c.location)
		}
	}
}

func TestRedirectNeedsAHost(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = ""
	w := httptest.NewRecorder()
	told := 0
	Redirect(http.HandlerFunc(served), func() uint16 { return 443 }, func(_ *http.Request, status, bytes int) {
		if told++; status != w.Code || bytes != w.Body.Len() {
			t.Errorf("told of %d, %d bytes", status, bytes)
		}
	}).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || told != 1 {
		t.Errorf("got %d, told %d times", w.Code, told)
	}
}

// requests are in the clear, by TLS, and as a proxy that is believed says.
func requests() map[string]*http.Request {
	clear := httptest.NewRequest("GET", "/", nil)
	secure := httptest.NewRequest("GET", "/", nil)
	secure.TLS = &tls.ConnectionState{}
	by := func(r *http.Request, scheme string) *http.Request {
		return r.WithContext(origin.With(r.Context(), &origin.Origin{Scheme: scheme}))
	}
	return map[string]*http.Request{
		"http": clear, "https": secure,
		"https to a proxy": by(clear, "https"), "http to a proxy by TLS": by(secure, "http"), "a proxy that says nothing": by(secure, ""),
	}
}

func TestWhoIsSecure(t *testing.T) {
	secure := map[string]bool{"https": true, "https to a proxy": true, "a proxy that says nothing": true}
	for name, r := range requests() {
		w := httptest.NewRecorder()
		handler := Strict(http.HandlerFunc(served), "max-age=60")
		Redirect(handler, func() uint16 { return 443 }, nil).ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != secure[name] {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w = httptest.NewRecorder(); true {
			handler.ServeHTTP(w, r)
		}
		if got := w.Header().Get("Strict-Transport-Security"); (got == "max-age=60") != secure[name] {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestParseStrict(t *testing.T) {
	for setting, value := range map[string]string{
		"365d": "max-age=31536000", "0": "max-age=0", "60": "max-age=60", "90s": "max-age=90", "2h": "max-age=7200", "5m": "max-age=300",
		"365d; includeSubDomains":             "max-age=31536000; includeSubDomains",
		"max-age=31536000;includesubdomains ": "max-age=31536000; includeSubDomains",
		"730d; includeSubDomains; preload":    "max-age=63072000; includeSubDomains; preload",
	} {
		if got, err := ParseStrict(setting); got != value || err != nil {
			t.Errorf("%q: %q, %v, want %q", setting, got, err, value)
		}
	}
	for setting, says := range map[string]string{
		"": "want an age", "soon": "no age", "-1d": "no age", "1y": "no age", "99999999999999999999d": "no age", "999999999999d": "no age",
		"365d; subdomains": "includeSubDomains", "365d; preload": "includeSubDomains", "364d; includeSubDomains; preload": "365d",
	} {
		if got, err := ParseStrict(setting); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %q, %v, want %q", setting, got, err, says)
		}
	}
}
