package e2e

import (
	"strconv"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// beginnings are requests whose bodies have not come whole, and what is missing.
func beginnings(path, body string) map[string][2]string {
	half := len(body) / 2
	length := harness.Post(path, body)
	cut := len(length) - half
	chunked := harness.PostChunked(path, body[:half], body[half:])
	return map[string][2]string{
		"length":  {length[:cut], length[cut:]},
		"chunked": {chunked[:len(chunked)-half-9], chunked[len(chunked)-half-9:]},
	}
}

// One thread, and fifty clients in the middle of their bodies: all others are served.
func TestSlowBodiesTakeNoThread(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p, "--threads", "1", "--spool-quota", "100m")
		type client struct {
			*harness.Conn
			body, rest string
		}
		var slow []client
		for _, size := range []int{100, 9_000, 50_000, 90_000} {
			body := text(size)
			for _, parts := range beginnings("/", body) {
				for range 6 {
					slow = append(slow, client{s.Dial(t).Send(parts[0]), body, parts[1]})
				}
			}
			silent := harness.Request("POST", "/", "Expect: 100-continue", "Content-Length: "+strconv.Itoa(size))
			c := s.Dial(t).Send(silent)
			want(t, "status line", c.Head().Line, "HTTP/1.1 100 Continue")
			slow = append(slow, client{c, body, body})
		}
		for range 20 {
			var got uploaded
			s.Do(t, harness.Post("/", "quick")).JSON(t, &got)
			want(t, "digest", got.Digest, digest("quick"))
		}
		harness.Eventually(t, "20 calls are in the log", func() bool { return s.Count("called") >= 20 })
		want(t, "calls of the application", s.Count("called"), 20)
		for _, c := range slow {
			var got uploaded
			c.Send(c.rest).Response("POST").JSON(t, &got)
			want(t, "digest", got.Digest, digest(c.body))
		}
		wantNoFiles(t, s)
	})
}

// Too slow: 408, the connection ends, and nothing is kept.
func TestTooSlowBody(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		for name, args := range map[string][]string{
			"rate":  {"--body-grace", "1s", "--body-min-rate", "100k", "--body-timeout", "0"},
			"pause": {"--body-timeout", "1s", "--body-min-rate", "0"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := uploads(t, p, append(args, "--stream-request", "/streamed", "--spool-quota", "10m")...)
				var clients []*harness.Conn
				for _, path := range []string{"/", "/streamed"} {
					for _, size := range []int{100, 60_000, 200_000} {
						for _, parts := range beginnings(path, text(size)) {
							clients = append(clients, s.Dial(t).Send(parts[0]))
						}
					}
					clients = append(clients, s.Dial(t).Send(harness.Request("POST", path, "Content-Length: 10")))
				}
				for _, c := range clients {
					r := c.Response("POST")
					r.WantStatus(t, 408)
					want(t, "Connection", r.Get("Connection"), "close")
					c.ExpectEnd()
				}
				s.Do(t, harness.Post("/", "quick")).WantStatus(t, 200)
				wantNoFiles(t, s)
			})
		}
	})
}

// Clients that leave in the middle leave nothing behind, and nobody calls the application.
func TestLeavingWithinABody(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p, "--spool-quota", "100m")
		var clients []*harness.Conn
		for _, size := range []int{100, 60_000} {
			for _, parts := range beginnings("/", text(size)) {
				for range 5 {
					clients = append(clients, s.Dial(t).Send(parts[0]))
				}
			}
		}
		harness.Eventually(t, "their bodies are kept", func() bool { files, _ := spooled(t, s); return files == 10 })
		for i, c := range clients {
			if i%2 == 0 {
				c.Reset()
			} else {
				_ = c.Close()
			}
		}
		wantNoFiles(t, s)
		want(t, "calls of the application", s.Count("called"), 0)
		s.Do(t, harness.Post("/", text(60_000))).WantStatus(t, 200)
	})
}

// With the quota used up there is 503 for those that need it, until there is room.
func TestSpoolQuota(t *testing.T) {
	eachPython(t, func(t *testing.T, p harness.Python) {
		s := uploads(t, p) // 150k
		body := text(90_000)
		parts := beginnings("/", body)["length"]
		first := s.Dial(t).Send(parts[0], parts[1][:len(parts[1])-1])
		harness.Eventually(t, "the first is kept", func() bool { _, size := spooled(t, s); return size == int64(len(body)-1) })
		for range 3 {
			for _, request := range []string{harness.Post("/", body), harness.PostChunked("/", body)} {
				c := s.Dial(t)
				_, _ = c.Write([]byte(request)) // which may be answered before its end
				r := c.Response("POST")
				if r.Status != 503 || r.Get("Retry-After") != "10" {
					t.Errorf("got %s, Retry-After %q", r.Line, r.Get("Retry-After"))
				}
				c.ExpectEnd()
			}
		}
		want(t, "lines of the log", s.Count("there is no room for the request's body", "--spool-quota"), 1)
		s.Do(t, harness.Post("/", text(10_000))).WantStatus(t, 200)
		var got uploaded
		first.Send(parts[1][len(parts[1])-1:]).Response("POST").JSON(t, &got)
		got.check(t, "the first", body, "file")
		wantNoFiles(t, s)
		s.Do(t, harness.PostChunked("/", body)).JSON(t, &got)
		got.check(t, "after it", body, "file")
	})
}

// A server whose directory for files cannot be used says so at once.
func TestUnusableSpoolDirectory(t *testing.T) {
	t.Parallel()
	options := harness.Options{App: "upload/wsgi.py", Python: harness.Newest(t).Path, Args: []string{"--spool-dir", "/nonexistent"}}
	s, err := harness.Launch(options)
	if err == nil {
		_ = s.Stop()
		t.Fatal("it runs")
	}
	if log := s.Tail(20); !strings.Contains(log, "/nonexistent") || !strings.Contains(log, "--spool-dir") {
		t.Errorf("the log says %s", log)
	}
}
