package e2e

import (
	"testing"

	"highball/e2e/harness"
)

func TestURLCanBeReconstructed(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		for request, url := range map[string]string{
			harness.Request("GET", "/url/a%20b?c=%64&e"):                         "http://test.example/url/a%20b?c=%64&e",
			"GET /url HTTP/1.1\r\nHost: other.example:81\r\n\r\n":                "http://other.example:81/url",
			"GET /url/ HTTP/1.0\r\n\r\n":                                         "http://" + s.Address + "/url/",
			"GET http://abs.example/url?x HTTP/1.1\r\nHost: abs.example\r\n\r\n": "http://abs.example/url?x",
		} {
			s.Do(t, request).Want(t, 200, url)
		}
	})
}
