package e2e

import (
	"testing"

	"highball/e2e/harness"
)

func TestURLCanBeReconstructed(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		s.Get(t, "/url/a%20b?c=%64&e").Want(t, 200, s.Scheme+"://test.example/url/a%20b?c=%64&e")
		elsewhere := harness.Ask("GET", "/url")
		elsewhere.Host = "other.example:81"
		s.Do(t, elsewhere).Want(t, 200, s.Scheme+"://other.example:81/url")
		if s.Can(harness.Raw) {
			s.Raw(t, "GET /url/ HTTP/1.0\r\n\r\n").Want(t, 200, s.Scheme+"://"+s.Where(s.Listener)+"/url/")
			absolute := "GET " + s.Scheme + "://abs.example/url?x HTTP/1.1\r\nHost: abs.example\r\n\r\n"
			s.Raw(t, absolute).Want(t, 200, s.Scheme+"://abs.example/url?x")
		}
	})
}
