package listen

import (
	"runtime"
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
		{in: "unix:///run/app.sock", want: Bind{Protocol: HTTP, Address: socket}, text: "unix:/run/app.sock", url: "unix:/run/app.sock"},
		{in: "fd://3", want: Bind{Protocol: HTTP, Address: Address{Given: "fd://3"}}},
		{in: "uwsgi://fd:3", want: Bind{Protocol: UWSGI, Address: Address{Given: "fd://3"}}, text: "uwsgi://fd://3", url: "uwsgi://fd://3"},
		{in: "uwsgi://fd://3", want: Bind{Protocol: UWSGI, Address: Address{Given: "fd://3"}}},
		{in: "https://systemd:web", want: Bind{Protocol: HTTPS, Address: Address{Given: "systemd:web"}}},
		{
			in:   "unix:/run/app.sock?mode=660&owner=www-data&group=33&backlog=5",
			want: Bind{Protocol: HTTP, Address: socket, Options: Options{Mode: 0o660, Owner: "www-data", Group: "33", Backlog: 5}}, url: "unix:/run/app.sock",
		},
		{in: "https://[::]:443?reuseport&ipv6only", want: Bind{Protocol: HTTPS, Address: Address{Host: "::", Port: 443}, Options: Options{ReusePort: true, IPv6Only: true}}, url: "https://[::]:443/"},
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
		"h3://fd://3":            "UDP port",
		"unix:/x?mode=abc":       "not octal",
		"unix:/x?mode=1777":      "not octal",
		"unix:/x?mode":           "has no value",
		"unix:/x?owner=-1":       "a name or a number",
		"unix:/x?size=1":         `"size" is no option: want mode`,
		"unix:/x?":               "is no option",
		"unix:/x?mode=1&mode=2":  "given twice",
		"unix:/x?reuseport":      "of TCP sockets",
		":1?reuseport=no":        "takes no value",
		":1?mode=660":            "there is none",
		"unix:@x?mode=660":       "there is none",
		":1?backlog=0":           "1 or more",
		":1?ipv6only":            "did you mean [::]:1?ipv6only",
		"fd://3?mode=660":        "only backlog",
	} {
		b, err := ParseBind(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want an error that says %q", in, b, err, want)
		}
	}
}

func TestCollisions(t *testing.T) {
	for _, tt := range []struct{ one, two, want string }{ // "": none
		{":80", ":80", "the same address"},
		{"127.0.0.1:80", "[::ffff:127.0.0.1]:80", "the same address"},
		{"0.0.0.0:80", "[::]:80", "the same address"},
		{"0.0.0.0:80", "[::]:80?ipv6only", ""},
		{":80?backlog=7", "0.0.0.0:80?backlog=7", "80 and "},
		{":80", "127.0.0.1:80", ":80 takes the connections of 127.0.0.1:80"},
		{"[::1]:80", ":80", ":80 takes the connections of [::1]:80"},
		{"0.0.0.0:80", "[::1]:80", ""},
		{"[::]:80?ipv6only", "127.0.0.1:80", ""},
		{":80?reuseport", "127.0.0.1:80?reuseport", ""},
		{":80?reuseport", ":80?reuseport", "the same address"},
		{":0", ":0", ""},
		{":80", ":81", ""},
		{"https://:443", "h3://:443", ""},
		{"https://:443", "http://:443", "the same address"},
		{"unix:/run/x", "unix:/run/./x?mode=600", "given twice"},
		{"unix:/run/x", "unix:@/run/x", ""},
		{"fd://3", "uwsgi://fd:3", "given twice"},
		{"fd://3", "fd://4", ""},
		{"systemd:", "systemd:web", "given twice"},
		{"systemd:a", "systemd:b", ""},
	} {
		one, err := ParseBind(tt.one)
		if err != nil {
			t.Fatal(err)
		}
		two, err := ParseBind(tt.two)
		if err != nil && runtime.GOOS == "linux" {
			t.Fatal(err)
		}
		for _, err := range []error{one.CollidesWith(two), two.CollidesWith(one)} {
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s and %s: %v, want %q", tt.one, tt.two, err, tt.want)
			}
		}
	}
}

func FuzzParseBind(f *testing.F) {
	for _, s := range []string{
		":8000", "https://[::]:1?ipv6only&reuseport", "unix:/run/a.sock?mode=660&owner=a&group=b&backlog=1",
		"proxy+uwsgi://fd:3", "systemd:web", "unix:@a?backlog=2", "h3://x:1", "fd://0?backlog=7", "unix:///a?",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseBind(s)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: an error of two lines: %q", s, err)
			}
			return
		}
		again, err := ParseBind(b.String())
		if err != nil || again != b {
			t.Errorf("%q: %+v is written %q, which is read as %+v, %v", s, b, b.String(), again, err)
		}
	})
}
