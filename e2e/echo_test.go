package e2e

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

const echoed = 64 << 20 // more than all buffers on the way hold

// The client reads nothing until it has sent everything; the application sends
// back what it reads. Somebody has to give way.
func TestEchoToAClientThatSendsFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 64 MiB for each interpreter")
	}
	onEach(t, func(t *testing.T, s *harness.Server) {
		piece := strings.Repeat("0123456789abcdef", 1<<16/16)
		c := s.Dial(t)
		_ = c.SetDeadline(time.Now().Add(3 * harness.Patience))
		c.Send(harness.Request("POST", "/streamed/echo", fmt.Sprintf("Content-Length: %d", echoed), "Connection: close"))
		sent, got := fnv.New64a(), fnv.New64a()
		for range echoed / len(piece) {
			_, _ = io.WriteString(sent, piece)
			c.Send(piece)
		}
		want(t, "status", c.Head().Status, 200)
		size := 0
		for chunk := c.Chunk(); chunk != ""; chunk = c.Chunk() {
			size += len(chunk)
			_, _ = io.WriteString(got, chunk)
		}
		want(t, "bytes", size, echoed)
		want(t, "hash", got.Sum64(), sent.Sum64())
	})
}

func TestEchoInFullDuplex(t *testing.T) {
	onEach(t, func(t *testing.T, s *harness.Server) {
		piece := strings.Repeat("x", 32768)
		c := s.Dial(t).Send(harness.Request("POST", "/streamed/echo", fmt.Sprintf("Content-Length: %d", 8*len(piece))))
		for i := range 8 {
			c.Send(piece)
			if i == 0 {
				want(t, "status", c.Head().Status, 200)
			}
			for got := 0; got < len(piece); {
				got += len(c.Chunk())
			}
		}
		want(t, "last chunk", c.Chunk(), "")
		c.Send(harness.Request("GET", "/hello")).Response("GET").Want(t, 200, "hello")
	})
}
