package gateway

import (
	"net"
	"net/http"
	"testing"
)

func browserRequest() *http.Request {
	r := get("/articles/2026/line-clear?page=2&sort=new")
	r = localAddr(r, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8000})
	for name, value := range map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Accept":     "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en-GB,en;q=0.7",
		"Accept-Encoding": "gzip, deflate, br, zstd", "Referer": "https://www.example.org/articles",
		"Cookie": "session=0123456789abcdef; theme=dark", "Upgrade-Insecure-Requests": "1",
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin", "Priority": "u=0, i",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// A browser's request costs nothing on the heap on its way into a frame.
func TestFrameAllocations(t *testing.T) {
	x := &exchange{g: New(Options{}), r: browserRequest(), id: "0123abcd-1"}
	buf := make([]byte, 0, 8<<10)
	n := testing.AllocsPerRun(100, func() {
		var err error
		if buf, err = x.frame(buf[:0]); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	x := &exchange{g: New(Options{}), r: browserRequest(), id: "0123abcd-1"}
	buf := make([]byte, 0, 8<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = x.frame(buf[:0])
	}
}
