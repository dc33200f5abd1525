package front

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"highball/internal/h1"
)

// clientOf speaks one protocol.
func clientOf(t *testing.T, http2 bool) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// Times that are switched off are never over.
func TestTimesThatAreOff(t *testing.T) {
	o := Options{HeaderTimeout: -1, IdleTimeout: -1, SendTimeout: -1, MaxConnections: -1, MaxConnectionsPerAddress: -1}
	s, addr := bounded(t, "tcp", o, evictAfter, answers)
	for _, http2 := range []bool{false, true} {
		client := clientOf(t, http2)
		for range 2 {
			response, err := client.Get("http://" + addr.String())
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(got) != "answer" {
				t.Errorf("HTTP/2 %v: %q, %v", http2, got, err)
			}
		}
	}
	if got := s.Stats(); got.Max != 0 || got.Accepted != 2 {
		t.Errorf("%+v", got)
	}
}

// The largest head is the same for both protocols.
func TestLargeHeadByOption(t *testing.T) {
	_, addr := bounded(t, "tcp", Options{Limits: h1.Limits{Head: 2 << 10}}, evictAfter, answers)
	for _, http2 := range []bool{false, true} {
		for size, want := range map[int]int{1 << 10: 200, 4 << 10: 431} {
			request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for range size >> 9 { // HTTP/2 closes the connection for a single field that is too large
				request.Header.Add("X", strings.Repeat("x", 1<<9))
			}
			response, err := clientOf(t, http2).Do(request)
			if err != nil && http2 && want == 431 && strings.Contains(err.Error(), "larger than peer's advertised limit") {
				continue // the client had read the server's settings when it asked
			}
			if err != nil {
				t.Errorf("HTTP/2 %v, %d bytes: %v", http2, size, err)
				continue
			}
			_ = response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("HTTP/2 %v, %d bytes: status %d, want %d", http2, size, response.StatusCode, want)
			}
		}
	}
}

// What is not said has a default that fits the process.
func TestDefaultOptions(t *testing.T) {
	o := Options{Logger: slog.New(slog.DiscardHandler)}.withDefaults()
	limit, ok := descriptors()
	if want := int(min(limit/4*3, mostConnections)); !ok || o.MaxConnections != want {
		t.Errorf("%d connections of %d descriptors, want %d", o.MaxConnections, limit, want)
	}
	if newAddresses(o).most != o.MaxConnections/4 {
		t.Error("not a quarter for each address")
	}
	if o.HeaderTimeout != headerTimeout || o.IdleTimeout != idleTimeout || o.SendTimeout != sendTimeout {
		t.Errorf("%+v", o)
	}
}
