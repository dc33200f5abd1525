package behind

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
)

// hintsDoNoHarm: 103 reaches the client, or is left out where the proxy, or the protocol,
// has no way to pass it on. The response comes in any case.
func hintsDoNoHarm(t *testing.T, s *site) {
	for _, http2 := range []bool{false, true} {
		apacheSaysSo := strings.HasPrefix(s.file, "apache") && http2 // by "H2EarlyHints on" only
		passes := !s.uwsgi && !strings.HasPrefix(s.file, "nginx") && !apacheSaysSo
		hinted := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				if code == http.StatusEarlyHints {
					hinted++
				}
				return nil
			},
		})
		request, err := http.NewRequestWithContext(ctx, "GET", s.url("/hints/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.client(t, http2).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK || string(body) != "hinted" {
			t.Errorf("HTTP/2 %t: %s, %q, %v", http2, r.Status, body, err)
		}
		if (hinted > 0) != passes {
			t.Errorf("HTTP/2 %t: %d early hints", http2, hinted)
		}
	}
}
