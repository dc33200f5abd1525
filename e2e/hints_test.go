package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestEarlyHints(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		r := s.Get(t, "/hints")
		r.Want(t, 200, "hinted")
		want(t, "fields of the final response", r.Get("X-Final")+r.Get("Link"), "1")
		if !s.Can(harness.Framing) {
			want(t, "interim responses", len(r.Interim), 0)
			return
		}
		if len(r.Interim) != 1 || r.Interim[0].Status != 103 {
			t.Fatalf("want one 103, got %d interim responses", len(r.Interim))
		}
		want(t, "Link of the 103", strings.Join(r.Interim[0].All("Link"), " | "),
			"</style.css>; rel=preload | </app.js>; rel=preload")
		if s.Can(harness.Raw) {
			old := s.Raw(t, "GET /hints HTTP/1.0\r\n\r\n")
			old.Want(t, 200, "hinted")
			want(t, "interim responses to HTTP/1.0", len(old.Interim), 0)
		}
	})
}
