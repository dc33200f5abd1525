package e2e

import (
	"hash/fnv"
	"io"
	"strings"
	"testing"

	"highball/e2e/harness"
)

const echoed = 64 << 20 // more than all buffers on the way hold

// The client reads nothing until it has sent everything; the application sends
// back what it reads. Somebody has to give way.
func TestEchoToAClientThatSendsFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 64 MiB for each interpreter")
	}
	onWires(t, func(t *testing.T, s *harness.Client) {
		piece := strings.Repeat("0123456789abcdef", 1<<16/16)
		c := s.Start(t, harness.Ask("POST", "/streamed/echo").Begun(echoed, ""))
		sent, got := fnv.New64a(), fnv.New64a()
		for range echoed / len(piece) {
			_, _ = io.WriteString(sent, piece)
			c.Send(piece)
		}
		want(t, "status", c.End().Head().Status, 200)
		want(t, "bytes", c.Discard(got), echoed)
		want(t, "hash", got.Sum64(), sent.Sum64())
	}, harness.Raw) // the windows of streams are a client's own affair: who opens none gets nothing
}

func TestEchoInFullDuplex(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		piece := strings.Repeat("x", 32768)
		l := s.Connect(t)
		c := l.Start(harness.Ask("POST", "/streamed/echo").Begun(8*len(piece), ""))
		for i := range 8 {
			c.Send(piece)
			if i == 0 {
				want(t, "status", c.Head().Status, 200)
			}
			c.Expect(piece)
		}
		c.End().ExpectEnd()
		l.Do(harness.Ask("GET", "/hello")).Want(t, 200, "hello")
	})
}
