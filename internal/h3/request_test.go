package h3

import (
	"errors"
	"net/http"
	"testing"

	"github.com/quic-go/qpack"

	"highball/internal/h1"
)

// What any version refuses is answered here as well, and is no fault of the stream.
func TestRefusedTargets(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		status       int // 0: it is served
	}{
		{"GET", "/100%", http.StatusBadRequest},
		{"GET", "/%zz?a=%", http.StatusBadRequest},
		{"GET", "*", http.StatusBadRequest},
		{"OPTIONS", "*", 0},
		{"GET", "/a?b=%", 0},
		{"GET", "//a/b", 0},
	} {
		h, err := parseHead(headOf(tt.method, tt.path), h1.Limits{}.WithDefaults())
		var refusal *h1.Refusal
		switch errors.As(err, &refusal); {
		case tt.status == 0 && err != nil, tt.status != 0 && (refusal == nil || refusal.Status != tt.status):
			t.Errorf("%s %s: %v", tt.method, tt.path, err)
		case tt.status == 0:
			if r, err := h.newRequest(); err != nil || r.URL.RequestURI() != tt.path {
				t.Errorf("%s %s: %v, %v", tt.method, tt.path, r, err)
			}
		}
	}
}

// A coding's name is of any case (RFC 9110 10.1.4).
func TestTrailersInAnyCase(t *testing.T) {
	fields := append(headOf("GET", "/"), qpack.HeaderField{Name: "te", Value: "Trailers"})
	if _, err := parseHead(fields, h1.Limits{}.WithDefaults()); err != nil {
		t.Error(err)
	}
}

func headOf(method, path string) []qpack.HeaderField {
	return []qpack.HeaderField{
		{Name: ":method", Value: method}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "h3.test"}, {Name: ":path", Value: path},
	}
}

// A 204 has no length (RFC 9110 8.6).
func TestNoContentHasNoLength(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		w.WriteHeader(http.StatusNoContent)
	})
	res, err := r.client(t).Get(home)
	if text(t, res, err); res.StatusCode != http.StatusNoContent || res.Header.Get("Content-Length") != "" {
		t.Errorf("%d, %v", res.StatusCode, res.Header)
	}
}
