package hostile

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"highball/e2e/harness"
)

// reset is one client that sends so much of a request, reads so much of what comes
// back, and resets the connection.
type reset struct {
	name, request string
	sent, read    int
}

func (s *scene) does(n int, r reset) (came int, err error) {
	c, err := dial(s.t.Context(), s.Address, n, 0)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(harness.Patience))
	if _, err := io.WriteString(c, r.request[:r.sent]); err != nil {
		return 0, fmt.Errorf("%s, %d bytes sent: %w", r.name, r.sent, err)
	}
	came, err = io.ReadFull(c, make([]byte, r.read))
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return came, nil
	}
	if err != nil {
		return came, fmt.Errorf("%s, %d bytes read: %w", r.name, r.read, err)
	}
	return came, nil
}

// requests are small ones with a body, in each framing, on a connection of their
// own, behind another request and before one; the application answers one of them
// in one frame, the other in pieces.
func requests() map[string]string {
	closes := "Connection: close"
	counted, chunked := harness.Post("/body", "hello, world"), harness.PostChunked("/pieces", "hello", ", world")
	return map[string]string{
		"plain":      harness.Post("/body", "hello, world", closes),
		"chunked":    harness.Request("POST", "/pieces", closes, "Transfer-Encoding: chunked") + harness.Chunked("hello", ", world"),
		"expects":    harness.Post("/pieces", "hi", closes, "Expect: 100-continue"),
		"kept alive": harness.Request("GET", "/quick") + harness.Post("/pieces", "hello, world", closes),
		"pipelined":  counted + chunked + harness.Request("GET", "/quick", closes),
	}
}

// everyByte are resets behind each byte of the requests and of their responses.
func (s *scene) everyByte() (all []reset) {
	s.t.Helper()
	for name, request := range requests() {
		for sent := range len(request) + 1 {
			all = append(all, reset{name, request, sent, 0})
		}
		length, err := s.does(0, reset{name, request, len(request), mebibyte})
		if err != nil || length < 100 {
			s.t.Fatalf("%s: the response has %d bytes, %v", name, length, err)
		}
		for read := range length {
			all = append(all, reset{name, request, len(request), read + 1})
		}
	}
	return all
}

// Clients that reset behind each byte leave nothing behind.
func TestResetsAtEveryByte(t *testing.T) {
	s := perform(t)
	all := s.everyByte()
	s.rounds(scaled(10, 3), func(int) {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		concurrently(t, len(all), 16, func(i int) error {
			_, err := s.does(i, all[i])
			return err
		})
	})
	t.Logf("%d clients reset, %d calls of the application", scaled(10, 3)*len(all), len(s.seen()))
	s.leavesNoGoroutine()
}

// The same at random bytes of large ones.
func TestResetsWithinLargeOnes(t *testing.T) {
	s := perform(t)
	const large = mebibyte
	body := strings.Repeat("x", large)
	uploads := []string{
		harness.Post("/body", body),
		harness.Request("POST", "/pieces", "Transfer-Encoding: chunked") + harness.Chunked(strings.Split(strings.Repeat(body[:8191]+" ", large/8192), " ")...),
		harness.Post("/body", "first") + harness.Post("/body", body) + harness.Request("GET", "/quick"),
	}
	downloads := []string{"/in-one?kib=1024", "/blocks?kib=1024", "/file"}
	n := scaled(1000, 100)
	s.rounds(3, func(int) {
		concurrently(t, n, 16, func(i int) error {
			upload := uploads[i%len(uploads)]
			_, err := s.does(i, reset{"upload", upload, rand.IntN(len(upload)), 0})
			return ignoreEnd(err)
		})
		concurrently(t, n, 16, func(i int) error {
			download := harness.Request("GET", downloads[i%len(downloads)])
			_, err := s.does(i, reset{"download", strings.Repeat(download, 1+i%2), len(download), rand.IntN(large)})
			return err
		})
	})
	s.leavesNoGoroutine()
}

// ignoreEnd is for a client that sends what the server has already refused.
func ignoreEnd(err error) error {
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
