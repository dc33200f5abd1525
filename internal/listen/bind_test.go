package listen

import (
	"strings"
	"testing"
)

func TestParseBind(t *testing.T) {
	local := Address{Host: "127.0.0.1", Port: 8000}
	socket := Address{Path: "/run/app.sock"}
	for _, tt := range []struct {
		in        string
		want      Bind
		text, url string // "": as in
	}{
		{in: "127.0.0.1:8000", want: Bind{Protocol: HTTP, Address: local}, url: "http://127.0.0.1:8000/"},
		{in: "http://127.0.0.1:8000", want: Bind{Protocol: HTTP, Address: local}, text: "127.0.0.1:8000", url: "http://127.0.0.1:8000/"},
		{in: "https://127.0.0.1:8000", want: Bind{Protocol: HTTPS, Address: local}, url: "https://127.0.0.1:8000/"},
		{in: "h3://127.0.0.1:8000", want: Bind{Protocol: H3, Address: local}},
		{in: "uwsgi://127.0.0.1:8000", want: Bind{Protocol: UWSGI, Address: local}},
		{in: "uwsgi://unix:/run/app.sock", want: Bind{Protocol: UWSGI, Address: socket}},
		{in: "unix:/run/app.sock", want: Bind{Protocol: HTTP, Address: socket}},
		{in: "proxy+unix:/run/app.sock", want: Bind{Proxied: true, Protocol: HTTP, Address: socket}, text: "proxy+http://unix:/run/app.sock", url: "proxy+http://unix:/run/app.sock"},
		{in: "proxy+https://:443", want: Bind{Proxied: true, Protocol: HTTPS, Address: Address{Port: 443}}, url: "proxy+https://0.0.0.0:443"},
	} {
		got, err := ParseBind(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v; want %+v", tt.in, got, err, tt.want)
			continue
		}
		if tt.text == "" {
			tt.text = tt.in
		}
		if tt.url == "" {
			tt.url = tt.in
		}
		if got.String() != tt.text || got.URL() != tt.url {
			t.Errorf("%s: String: %s, want %s; URL: %s, want %s", tt.in, got, tt.text, got.URL(), tt.url)
		}
	}
}

func TestParseBindErrors(t *testing.T) {
	for in, want := range map[string]string{
		"ftp://:21":              "http, https, h3 or uwsgi",
		"https://127.0.0.1:443/": `did you mean "https://127.0.0.1:443"?`,
		"proxy+h3://:443":        "not of HTTP/3",
		"h3://unix:/run/x":       "UDP port",
		"https://":               "empty address",
		"proxy+":                 "empty address",
	} {
		b, err := ParseBind(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want an error that says %q", in, b, err, want)
		}
	}
}
