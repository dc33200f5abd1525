package calltrace

import (
	"strings"
	"testing"
)

func TestRequestBytes(t *testing.T) {
	const own = "Host: h:1\r\nUser-Agent: highball-trace\r\nAccept: */*\r\n"
	tests := []struct {
		name    string
		request Request
		want    string
	}{
		{"plain", Request{Target: "/"}, "GET / HTTP/1.1\r\n" + own + "\r\n"},
		{"characters that a request line cannot have", Request{Target: "/a b\xc3\xa9%20?q=\n"},
			"GET /a%20b%C3%A9%20?q=%0A HTTP/1.1\r\n" + own + "\r\n"},
		{"a body", Request{Target: "/", HasBody: true, Body: "a=1"},
			"POST / HTTP/1.1\r\n" + own + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1"},
		{"an empty body", Request{Target: "/", HasBody: true, Fields: []string{"content-type: text/plain"}},
			"POST / HTTP/1.1\r\n" + own + "content-type: text/plain\r\nContent-Length: 0\r\n\r\n"},
		{"a method of its own", Request{Method: "PUT", Target: "*", HasBody: true, Body: "x", Fields: []string{"Content-Length: 9"}},
			"PUT * HTTP/1.1\r\n" + own + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nx"},
		{"fields in place of ours", Request{Target: "/", Fields: []string{"host: shop", "Accept:", "User-Agent:", "X: 1", "X: 2"}},
			"GET / HTTP/1.1\r\nhost: shop\r\nX: 1\r\nX: 2\r\n\r\n"},
		{"chunked", Request{Target: "/", HasBody: true, Body: "hello", Fields: []string{"Content-Type:", "Transfer-Encoding: chunked"}},
			"POST / HTTP/1.1\r\n" + own + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.request.Host = "h:1"
			got, err := test.request.Bytes()
			if err != nil || string(got) != test.want {
				t.Errorf("%v\n%q\nwant\n%q", err, got, test.want)
			}
		})
	}
}

func TestRequestMistakes(t *testing.T) {
	tests := []struct {
		request Request
		want    string
	}{
		{Request{Target: "hello"}, `did you mean "/hello"?`},
		{Request{Target: ""}, "does not begin with a slash"},
		{Request{Target: "/", Method: "GET /"}, "has spaces in it"},
		{Request{Target: "/", Fields: []string{"Accept"}}, `write "Name: value"`},
		{Request{Target: "/", Fields: []string{"A B: c"}}, `write "Name: value"`},
		{Request{Target: "/", Fields: []string{"A: b\r\nC: d"}}, `write "Name: value"`},
		{Request{Target: "/", Fields: []string{"Transfer-Encoding: chunked", "Content-Length: 1"}}, "exclude each other"},
	}
	for _, test := range tests {
		if _, err := test.request.Bytes(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.request, err, test.want)
		}
	}
}
