package wire

import "testing"

// browserItems is what a browser's request for a page comes to.
var browserItems = [][2]string{
	{"REQUEST_METHOD", "GET"}, {"SCRIPT_NAME", ""}, {"PATH_INFO", "/articles/2026/line-clear"},
	{"QUERY_STRING", "page=2&sort=new"}, {"REQUEST_URI", "/articles/2026/line-clear?page=2&sort=new"},
	{"SERVER_PROTOCOL", "HTTP/1.1"}, {"REMOTE_ADDR", "203.0.113.7"}, {"REMOTE_PORT", "51234"},
	{"SERVER_NAME", "192.0.2.1"}, {"SERVER_PORT", "443"}, {"wsgi.url_scheme", "https"},
	{"HTTP_HOST", "www.example.org"},
	{"HTTP_USER_AGENT", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{"HTTP_ACCEPT", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
	{"HTTP_ACCEPT_LANGUAGE", "en-GB,en;q=0.7,de;q=0.3"}, {"HTTP_ACCEPT_ENCODING", "gzip, deflate, br, zstd"},
	{"HTTP_REFERER", "https://www.example.org/articles"}, {"HTTP_COOKIE", "session=0123456789abcdef; theme=dark"},
	{"HTTP_UPGRADE_INSECURE_REQUESTS", "1"}, {"HTTP_SEC_FETCH_MODE", "navigate"}, {"HTTP_PRIORITY", "u=0, i"},
}

func appendBrowser(b []byte) []byte {
	b = OpenDict(AppendTuple(b, 2))
	for _, item := range browserItems {
		b = AppendItem(b, item[0], item[1])
	}
	return AppendBytes(CloseDict(b), nil)
}

// response is what Python writes for a page of four headers: texts as `u`.
func response() []byte {
	appendU := func(b []byte, s string) []byte {
		return append(append(b, codeUnicode, byte(len(s)), 0, 0, 0), s...)
	}
	b := appendU(AppendTuple(nil, 3), "200 OK")
	b = AppendList(b, 4)
	for _, field := range [][2]string{
		{"Content-Type", "text/html; charset=utf-8"}, {"Content-Length", "13"}, {"Vary", "Cookie"},
		{"Set-Cookie", "session=0123456789abcdef; HttpOnly; Path=/"},
	} {
		b = appendU(appendU(AppendTuple(b, 2), field[0]), field[1])
	}
	return AppendBytes(b, []byte("hello, world\n"))
}

func readResponse(payload []byte) (texts, body int, err error) {
	d := NewDecoder(payload)
	d.Tuple(3)
	texts = len(d.Latin1())
	for range d.List() {
		d.Tuple(2)
		texts += len(d.Latin1()) + len(d.Latin1())
	}
	body = len(d.Bytes())
	return texts, body, d.Err()
}

// The budgets of the two hot paths: nothing to write a request's environ into a
// buffer that is large enough; one string for each text of a response.
func TestAllocations(t *testing.T) {
	buf := make([]byte, 0, 8<<10)
	if n := testing.AllocsPerRun(100, func() { buf = appendBrowser(buf[:0]) }); n > 0 {
		t.Errorf("a request's environ takes %v allocations, 0 are budgeted", n)
	}
	payload := response()
	if _, body, err := readResponse(payload); err != nil || body != 13 {
		t.Fatal(body, err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = readResponse(payload) }); n > 9 {
		t.Errorf("a response of 9 texts takes %v allocations, 9 are budgeted", n)
	}
}

func BenchmarkAppendEnviron(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 8<<10)
	for b.Loop() {
		buf = appendBrowser(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkReadResponse(b *testing.B) {
	b.ReportAllocs()
	payload := response()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		_, _, _ = readResponse(payload)
	}
}

func BenchmarkLatin1HighBytes(b *testing.B) {
	b.ReportAllocs()
	text := "caf\xe9 cr\xe8me, na\xefve, \xfcber"
	buf := make([]byte, 0, 256)
	for b.Loop() {
		buf = AppendLatin1(buf[:0], text)
		d := NewDecoder(buf)
		_ = d.Latin1()
	}
}
