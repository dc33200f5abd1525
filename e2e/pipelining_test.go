package e2e

import (
	"strings"
	"testing"

	"highball/e2e/harness"
)

func TestPipelinedAnswersComeInOrder(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Dial(t).Send(
			harness.Post("/reads", "12345"),
			harness.Request("GET", "/hello"),
			harness.PostChunked("/echo", "abc", "def"),
			harness.Request("HEAD", "/hello"),
			harness.Post("/ignores_body", "not read"),
			harness.Request("GET", "/raises/call"),
			harness.Request("GET", "/iterables/generator", "Connection: close"),
		)
		c.Response("POST").Want(t, 200, "read 5")
		c.Response("GET").Want(t, 200, "hello")
		c.Response("POST").Want(t, 200, "abcdef")
		c.Response("HEAD").Want(t, 200, "")
		c.Response("POST").Want(t, 200, "ignored")
		c.Response("GET").WantStatus(t, 500)
		c.Response("GET").Want(t, 200, "iterable")
		c.ExpectEnd()
	}, harness.Raw)
}

// An answer to a POST whose chunked body nobody reads, and the next request.
func TestPipeliningBehindAnUnreadChunkedBody(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Dial(t).Send(harness.PostChunked("/ignores_body", strings.Repeat("GET / ", 1000)), harness.Request("GET", "/hello"))
		c.Response("POST").Want(t, 200, "ignored")
		c.Response("GET").Want(t, 200, "hello")
	}, harness.Raw)
}

// A client that announces a body and never sends it holds a connection for a
// bounded time, and no slot.
func TestUnreadBodyThatNeverComes(t *testing.T) {
	onWires(t, func(t *testing.T, s *harness.Client) {
		c := s.Dial(t).Send(harness.Request("POST", "/streamed/ignores_body", "Content-Length: 200000"))
		c.Response("POST").Want(t, 200, "ignored")
		c.ExpectEnd()
	}, harness.Raw)
}
