package h3

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"
)

var update = flag.Bool("update", false, "write docs/CONFORMANCE-HTTP3.md")

// breaker is testdata/breaker.py, which serves one case after the other.
type breaker struct {
	in  *json.Encoder
	out *bufio.Reader
}

type breakerCase struct {
	Port     int     `json:"port"`
	Steps    []step  `json:"steps"`
	Until    *int    `json:"until"` // the stream whose end is waited for; nil: the connection's
	Patience float64 `json:"patience"`
}

type breakerResult struct {
	Closed      *uint64                  `json:"closed"`
	Reason      string                   `json:"reason"`
	Application bool                     `json:"application"`
	Streams     map[string]breakerStream `json:"streams"`
}

type breakerStream struct {
	Data  string  `json:"data"`
	Fin   bool    `json:"fin"`
	Reset *uint64 `json:"reset"`
}

// newBreaker skips the test where aioquic is missing.
func newBreaker(t *testing.T) *breaker {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import aioquic").CombinedOutput(); err != nil {
		t.Skipf("python3 on PATH has no aioquic (requirements/test.txt): %s", out)
	}
	cmd := exec.Command("python3", filepath.Join("testdata", "breaker.py"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return &breaker{json.NewEncoder(in), bufio.NewReader(out)}
}

// try has a case tried on a server, and says what the server did, in the words of
// clauseCase.want.
func (b *breaker) try(t *testing.T, port int, c clauseCase, patience float64) string {
	t.Helper()
	alive := c.want == "ignored" || strings.HasPrefix(c.want, "stream ") || strings.HasPrefix(c.want, "status ")
	steps := slices.Clone(c.steps)
	bc := breakerCase{Port: port, Patience: patience}
	if alive {
		until := request
		if c.want == "ignored" {
			until = probe
			steps = append(steps, finish(probe, get()))
		}
		bc.Until = &until
	}
	bc.Steps = steps
	if err := b.in.Encode(bc); err != nil {
		t.Fatal(err)
	}
	line, err := b.out.ReadBytes('\n')
	if err != nil {
		t.Fatal("the client has ended: ", err)
	}
	var r breakerResult
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	return r.outcome(c.want == "ignored")
}

// outcome: the code that the connection was closed with; "stream" and the code that the
// request was reset with; "status" and that of the response; "ignored", where a
// request after it was served; "nothing".
func (r breakerResult) outcome(probed bool) string {
	if r.Closed != nil {
		if !r.Application {
			return fmt.Sprintf("QUIC's error %#x", *r.Closed)
		}
		return codeName(*r.Closed)
	}
	if probed {
		if s, ok := r.Streams[fmt.Sprint(probe)]; ok && s.status() == "200" {
			return "ignored"
		}
		return "nothing"
	}
	s, ok := r.Streams[fmt.Sprint(request)]
	switch {
	case ok && s.Reset != nil:
		return "stream " + codeName(*s.Reset)
	case ok && s.Fin:
		return "status " + s.status()
	}
	return "nothing"
}

// status finds :status in the first HEADERS frame.
func (s breakerStream) status() string {
	p, err := hex.DecodeString(s.Data)
	if err != nil {
		return "?"
	}
	kind, n, err := quicvarint.Parse(p)
	if err != nil || kind != frameHeaders {
		return "?"
	}
	length, m, err := quicvarint.Parse(p[n:])
	if err != nil || uint64(len(p)-n-m) < length {
		return "?"
	}
	fields, err := decodeSection(p[n+m:n+m+int(length)], 1<<20, 100)
	if err != nil || len(fields) == 0 {
		return "?"
	}
	return fields[0].Value
}

func codeName(n uint64) string {
	names := map[code]string{
		noError: "H3_NO_ERROR", generalProtocolError: "H3_GENERAL_PROTOCOL_ERROR", internalError: "H3_INTERNAL_ERROR",
		streamCreationError: "H3_STREAM_CREATION_ERROR", closedCriticalStream: "H3_CLOSED_CRITICAL_STREAM",
		frameUnexpected: "H3_FRAME_UNEXPECTED", frameError: "H3_FRAME_ERROR", excessiveLoad: "H3_EXCESSIVE_LOAD",
		idError: "H3_ID_ERROR", settingsError: "H3_SETTINGS_ERROR", missingSettings: "H3_MISSING_SETTINGS",
		requestRejected: "H3_REQUEST_REJECTED", requestCancelled: "H3_REQUEST_CANCELLED",
		requestIncomplete: "H3_REQUEST_INCOMPLETE", messageError: "H3_MESSAGE_ERROR",
		decompressionFailed: "QPACK_DECOMPRESSION_FAILED", encoderStreamError: "QPACK_ENCODER_STREAM_ERROR",
		decoderStreamError: "QPACK_DECODER_STREAM_ERROR",
	}
	if name, ok := names[code(n)]; ok {
		return name
	}
	return fmt.Sprintf("%#x", n)
}

// echo reads the request's body, so that what is wrong behind its head is found.
func echo(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func allCases() []clauseCase {
	return slices.Concat(streamCases(), controlCases(), requestCases(), qpackCases())
}

const conformancePage = "../../docs/CONFORMANCE-HTTP3.md"

func TestConformance(t *testing.T) {
	b := newBreaker(t)
	r := start(t, echo)
	var rows []string
	other := func(clauseCase) string { return "" }
	if *update {
		other = quicGo(t, b)
	}
	for _, c := range allCases() {
		t.Run(c.clause+" "+c.does, func(t *testing.T) {
			if got := b.try(t, r.address.Port, c, 5); got != c.want {
				t.Errorf("the server's answer is %s, want %s", got, c.want)
			}
		})
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", c.clause, c.does, c.want)+other(c))
	}
	if *update {
		writeConformance(t, rows)
		return
	}
	page, err := os.ReadFile(conformancePage)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/CONFORMANCE-HTTP3.md has no line %q: go test ./internal/h3 -run TestConformance -update", row)
		}
	}
	if got := strings.Count(string(page), "\n| RFC "); got != len(rows) {
		t.Errorf("docs/CONFORMANCE-HTTP3.md has %d cases, want %d", got, len(rows))
	}
}

// quicGo tries the same on the library's own server.
func quicGo(t *testing.T, b *breaker) func(clauseCase) string {
	t.Helper()
	certificate, _ := testCertificate(t)
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := &http3.Server{Handler: http.HandlerFunc(echo), TLSConfig: tlsConfig(certificate), MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(socket) }()
	t.Cleanup(func() { server.Close(); socket.Close() })
	return func(c clauseCase) string {
		got := b.try(t, socket.LocalAddr().(*net.UDPAddr).Port, c, 0.7)
		if got == c.want {
			got = "the same"
		}
		return " " + got + " |"
	}
}

func writeConformance(t *testing.T, rows []string) {
	t.Helper()
	differ := 0
	for _, row := range rows {
		if !strings.HasSuffix(row, " the same |") {
			differ++
		}
	}
	text := fmt.Sprintf(conformanceText, len(rows), differ) + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(conformancePage, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const conformanceText = `# Conformance: HTTP/3

<!-- Written by go test ./internal/h3 -run TestConformance -update; the cases are in internal/h3/clauses_test.go. -->

%d cases of RFC 9114 (HTTP/3), RFC 9204 (QPACK) and what belongs to them, each tried by a client that sends these bytes and knows nothing of HTTP/3 itself
(` + "`internal/h3/testdata/breaker.py`, over aioquic's QUIC" + `). Highball answers each as the clause wants; the test holds that, and this page with it.
The last column is what quic-go's own HTTP/3 server (` + "`http3.Server`, v0.65.0" + `) did when this page was written: %d times something else.
Not each difference is a fault: CONNECT and extended CONNECT it leaves to its handlers, and some codes are close to each other.
Highball takes QUIC and the encoding of fields from that project, and has the rest for itself (see [ARCHITECTURE.md](ARCHITECTURE.md#http3)).

- *A code alone*: the connection is closed with it. *stream*: the request is reset with it, and the connection goes on. *status*: the answer's. *ignored*: a request
  after it was served. *nothing*: none of these, within 0.7 s.

| Clause | The client sends | Highball | quic-go's server |
|---|---|---|---|
`
