package h1

import (
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// seen is a request as a reader has seen it, in words.
func seen(r *Reader) (text string, err error) {
	h, err := r.ReadHead()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(h.Method + " " + h.Target + " " + h.Version() + " host=" + h.Host)
	for _, f := range h.Fields {
		b.WriteString(" " + f.Name + "=" + f.Value)
	}
	if h.Close {
		b.WriteString(" close")
	}
	body := r.Body(h)
	data, err := io.ReadAll(body)
	b.WriteString(" body=" + string(data))
	for _, f := range body.Trailer {
		b.WriteString(" trailer:" + f.Name + "=" + f.Value)
	}
	return b.String(), err
}

const pipelined = "POST /a?b HTTP/1.1\r\nHost: x.example:80\r\nX-A:  1 \t\r\nContent-Length: 5\r\n\r\nhello" +
	"\r\nPUT http://y.example HTTP/1.1\r\nHost: z\r\nTransfer-Encoding: Chunked\r\n\r\n" +
	"3;a=\"b;\\\"\"\r\nabc\r\n1 ; q = 1\r\n\r\r\n00\r\nX-T: v\r\n\r\n" +
	"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" +
	"OPTIONS * HTTP/1.1\r\nhost: [::1]:8000\r\nConnection: x, close\r\n\r\n"

var asSeen = []string{
	"POST /a?b HTTP/1.1 host=x.example:80 Host=x.example:80 X-A=1 Content-Length=5 body=hello",
	"PUT http://y.example HTTP/1.1 host=y.example Host=z Transfer-Encoding=Chunked body=abc\r trailer:X-T=v",
	"GET / HTTP/1.0 host= Connection=Keep-Alive body=",
	"OPTIONS * HTTP/1.1 host=[::1]:8000 host=[::1]:8000 Connection=x, close close body=",
}

// However the bytes arrive, the requests are the same.
func TestRequestsAtAnyCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, src := range map[string]func() io.Reader{
		"whole":        func() io.Reader { return strings.NewReader(pipelined) },
		"byte by byte": func() io.Reader { return iotest.OneByteReader(strings.NewReader(pipelined)) },
		"halves":       func() io.Reader { return iotest.HalfReader(strings.NewReader(pipelined)) },
		"with the end": func() io.Reader { return iotest.DataErrReader(strings.NewReader(pipelined)) },
		"at random":    func() io.Reader { return &randomCuts{strings.NewReader(pipelined), random} },
	} {
		for range 20 {
			r := NewReader(src(), Limits{})
			for _, want := range asSeen {
				if got, err := seen(r); got != want || err != nil {
					t.Fatalf("%s: got  %q, %v\nwant %q", name, got, err, want)
				}
			}
			if _, err := r.ReadHead(); err != io.EOF {
				t.Fatalf("%s: at the end: %v", name, err)
			}
		}
	}
}

type randomCuts struct {
	src    io.Reader
	random *rand.Rand
}

func (c *randomCuts) Read(p []byte) (int, error) {
	return c.src.Read(p[:1+c.random.IntN(min(len(p), 40))])
}

// A connection that ends at any byte gives either what was whole or an early end,
// and never a request that was not sent.
func TestEndAtEachByte(t *testing.T) {
	for n := range len(pipelined) {
		r := NewReader(strings.NewReader(pipelined[:n]), Limits{})
		for _, want := range asSeen {
			got, err := seen(r)
			if err == nil && got == want {
				continue
			}
			if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("cut at %d: %q, %v", n, got, err)
			}
			break
		}
	}
}

func TestLimits(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: x\r\n"
	chunked := "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		request string
		limits  Limits
		status  int // 0: accepted
	}{
		"a line at its limit":    {"GET /" + strings.Repeat("a", 16<<10-16) + " HTTP/1.1\r\nHost: x\r\n\r\n", Limits{}, 0},
		"a line beyond it":       {"GET /" + strings.Repeat("a", 16<<10-15) + " HTTP/1.1\r\nHost: x\r\n\r\n", Limits{}, 414},
		"a line without an end":  {"GET /" + strings.Repeat("a", 64<<10), Limits{}, 414},
		"a head at its limit":    {head + "A: " + strings.Repeat("a", 64<<10-len(head)-7) + "\r\n\r\n", Limits{}, 0},
		"a head beyond it":       {head + "A: " + strings.Repeat("a", 64<<10-len(head)-6) + "\r\n\r\n", Limits{}, 431},
		"as many fields":         {head + strings.Repeat("A: b\r\n", 127) + "\r\n", Limits{}, 0},
		"one field too many":     {head + strings.Repeat("A: b\r\n", 128) + "\r\n", Limits{}, 431},
		"limits of one's own":    {head + "A: b\r\n\r\n", Limits{Fields: 1}, 431},
		"extensions":             {chunked + strings.Repeat("1;a=bcdefghijklm\r\nx\r\n", 273) + "0\r\n\r\n", Limits{}, 0},
		"too many of them":       {chunked + strings.Repeat("1;a=bcdefghijklm\r\nx\r\n", 274) + "0\r\n\r\n", Limits{}, 400},
		"one that has no end":    {chunked + "1;a=" + strings.Repeat("b", 64<<10), Limits{}, 400},
		"a trailer beyond":       {chunked + "0\r\nA: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", Limits{}, 400},
		"too many trailers":      {chunked + "0\r\n" + strings.Repeat("A: b\r\n", 129) + "\r\n", Limits{}, 400},
		"as many empty lines":    {strings.Repeat("\r\n", 8) + head + "\r\n", Limits{}, 0},
		"an empty line too many": {strings.Repeat("\r\n", 9) + head + "\r\n", Limits{}, 400},
	} {
		_, err := seen(NewReader(strings.NewReader(c.request), c.limits))
		var refusal *Refusal
		if c.status == 0 && err != nil || c.status != 0 && (!errors.As(err, &refusal) || refusal.Status != c.status) {
			t.Errorf("%s: %v, want %d", name, err, c.status)
		}
	}
}
