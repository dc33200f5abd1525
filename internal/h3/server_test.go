package h3

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestARequestAndItsResponse(t *testing.T) {
	r := start(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", fmt.Sprint(r.Method, r.Host, r.RequestURI, r.Proto, r.TLS != nil, len(got), err, r.ContentLength))
		fmt.Fprint(w, "hello")
	})
	client := r.client(t)
	res, err := client.Get(home + "a?b=c")
	if got := text(t, res, err); got != "hello" {
		t.Errorf("body %q", got)
	}
	if want := "GETh3.test/a?b=cHTTP/3.0true 0 <nil> 0"; res.Header.Get("X-Saw") != want {
		t.Errorf("saw %q, want %q", res.Header.Get("X-Saw"), want)
	}
	if res.ContentLength != 5 || res.Header.Get("Date") == "" || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("head %v", res.Header)
	}
	res, err = client.Post(home, "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
	text(t, res, err)
	if want := "POSTh3.test/HTTP/3.0true 100000 <nil> 100000"; res.Header.Get("X-Saw") != want {
		t.Errorf("saw %q, want %q", res.Header.Get("X-Saw"), want)
	}
}
