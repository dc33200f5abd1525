package h1

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"highball/internal/h1/h1test"
)

// The corpus against this reader: each case whole, by line, byte by byte and at
// random cuts, alone and with another request behind it.

const another = "GET /another HTTP/1.1\r\nHost: another.example\r\n\r\n"

func corpus(t *testing.T) h1test.Corpus {
	t.Helper()
	c, err := h1test.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cuts are the ways in which bytes may arrive.
func cuts(data string, seed uint64) map[string]io.Reader {
	return map[string]io.Reader{
		"whole":        strings.NewReader(data),
		"by line":      &lineCuts{data},
		"byte by byte": iotest.OneByteReader(strings.NewReader(data)),
		"at random":    &randomCuts{strings.NewReader(data), rand.New(rand.NewPCG(seed, 0))},
	}
}

type lineCuts struct{ left string }

func (c *lineCuts) Read(p []byte) (int, error) {
	if c.left == "" {
		return 0, io.EOF
	}
	line, _, _ := strings.Cut(c.left, "\n")
	n := copy(p, c.left[:min(len(line)+1, len(c.left))])
	c.left = c.left[n:]
	return n, nil
}

func TestCorpusIsAccepted(t *testing.T) {
	for i, c := range corpus(t).Accept {
		for _, behind := range []string{"", another} {
			for how, src := range cuts(string(c.Request)+behind, uint64(i)) {
				r := NewReader(src, Limits{})
				if err := readAs(r, c); err != nil {
					t.Errorf("%s, %s: %v", c.Name, how, err)
					continue
				}
				h, err := r.ReadHead()
				if behind == "" && err != io.EOF || behind != "" && (err != nil || h.Target != "/another") {
					t.Errorf("%s, %s: behind it %v, %v", c.Name, how, h, err)
				}
			}
		}
	}
}

// readAs reads one request, and says what is not as the case wants it.
func readAs(r *Reader, want h1test.Accepted) error {
	h, err := r.ReadHead()
	if err != nil {
		return err
	}
	framings := map[Framing]h1test.Framing{NoBody: h1test.None, ByLength: h1test.Length, ByChunks: h1test.Chunked}
	got := []any{h.Method, h.Target, h.Host, framings[h.Framing], h.Close}
	wanted := []any{want.Method, want.Target, want.Host, want.Framing, want.Close}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		return fmt.Errorf("got %v, want %v", got, wanted)
	}
	if fields := others(h.Fields); !slices.Equal(fields, want.Fields) {
		return fmt.Errorf("fields %q, want %q", fields, want.Fields)
	}
	body := r.Body(h)
	data, err := io.ReadAll(body)
	if err != nil || string(data) != string(want.Body) {
		return fmt.Errorf("body %q, %v, want %q", data, err, want.Body)
	}
	for _, f := range want.Trailers {
		if !slices.Contains(body.Trailer, Field(f)) {
			return fmt.Errorf("trailers %q, want %q", body.Trailer, want.Trailers)
		}
	}
	return nil
}

// others are all fields but Host.
func others(fields []Field) (list []h1test.Field) {
	for _, f := range fields {
		if !equalFold(f.Name, "host") {
			list = append(list, h1test.Field(f))
		}
	}
	return list
}

func TestCorpusIsRefused(t *testing.T) {
	for i, c := range corpus(t).Refuse {
		if c.Status == 417 {
			continue // of a well-formed request: the gateway's answer
		}
		for _, behind := range []string{"", another} {
			for how, src := range cuts(string(c.Request)+behind, uint64(i)) {
				r := NewReader(src, Limits{})
				h, err := r.ReadHead()
				if c.At == h1test.Body {
					if err != nil {
						t.Errorf("%s, %s: the head: %v", c.Name, how, err)
						continue
					}
					_, err = io.Copy(io.Discard, r.Body(h))
				}
				var refusal *Refusal
				if !errors.As(err, &refusal) || refusal.Status != c.Status {
					t.Errorf("%s, %s: %v, want %d", c.Name, how, err, c.Status)
				}
			}
		}
	}
}
