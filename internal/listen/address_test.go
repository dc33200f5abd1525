package listen

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want Address
		text string // of String, if not in
		url  string
	}{
		{in: "127.0.0.1:8000", want: Address{Host: "127.0.0.1", Port: 8000}, url: "http://127.0.0.1:8000/"},
		{in: ":8000", want: Address{Port: 8000}, url: "http://0.0.0.0:8000/"},
		{in: "0.0.0.0:8000", want: Address{Host: "0.0.0.0", Port: 8000}, url: "http://0.0.0.0:8000/"},
		{in: "localhost:0", want: Address{Host: "localhost"}, url: "http://localhost:0/"},
		{in: "[::1]:65535", want: Address{Host: "::1", Port: 65535}, url: "http://[::1]:65535/"},
		{in: "[fe80::1%eth0]:80", want: Address{Host: "fe80::1%eth0", Port: 80}, url: "http://[fe80::1%25eth0]:80/"},
		{in: "app.example:0080", want: Address{Host: "app.example", Port: 80}, text: "app.example:80", url: "http://app.example:80/"},
		{in: "unix:/run/app.sock", want: Address{Path: "/run/app.sock"}, url: "unix:/run/app.sock"},
		{in: "unix:app.sock", want: Address{Path: "app.sock"}, url: "unix:app.sock"},
		{in: "unix:///run//app.sock", want: Address{Path: "/run/app.sock"}, text: "unix:/run/app.sock", url: "unix:/run/app.sock"},
		{in: "unix:/a b:c", want: Address{Path: "/a b:c"}, url: "unix:/a b:c"},
		{in: "fd://3", want: Address{Given: "fd://3"}, url: "fd://3"},
		{in: "fd:03", want: Address{Given: "fd://3"}, text: "fd://3", url: "fd://3"},
		{in: "systemd:web", want: Address{Given: "systemd:web"}, url: "systemd:web"},
		{in: "systemd:", want: Address{Given: "systemd:"}, url: "systemd:"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := Parse(tt.in)
			if err != nil || got != tt.want {
				t.Fatalf("got %+v, %v; want %+v", got, err, tt.want)
			}
			text := tt.text
			if text == "" {
				text = tt.in
			}
			if got.String() != text {
				t.Errorf("String: got %q, want %q", got.String(), text)
			}
			if got.URL() != tt.url {
				t.Errorf("URL: got %q, want %q", got.URL(), tt.url)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", "empty address: want "},
		{"8000", `"8000": did you mean :8000?`},
		{"localhost", `no port: did you mean localhost:8000?`},
		{"[::1]", `no port: did you mean [::1]:8000?`},
		{"localhost:", `port "" is not a number from 0 to 65535`},
		{"localhost:http", `port "http" is not a number`},
		{":65536", `port "65536" is not a number`},
		{":-1", `port "-1" is not a number`},
		{"::1:8000", "brackets, as in [::1]:8000"},
		{"[::1]8000", "want "},
		{"*:8000", "did you mean :8000?"},
		{"http://127.0.0.1:8000", "only one protocol"},
		{"/run/app.sock", "did you mean unix:/run/app.sock?"},
		{"a b:8000", `"a b" is not a host name`},
		{"a\nb:8000", `"a\nb:8000": an address has no control characters`},
		{"unix:", "no path"},
		{"unix://run/app.sock", "did you mean unix:/run/app.sock?"},
		{"fd://x", "number of an inherited descriptor"},
		{"fd:-1", "number of an inherited descriptor"},
		{"fd:", "number of an inherited descriptor"},
		{"systemd:a:b", "FileDescriptorName="},
		{"unix:/a\x00b", "NUL"},
		{"unix:/" + strings.Repeat("a", maxPath), "choose a shorter one"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			a, err := Parse(tt.in)
			if err == nil {
				t.Fatalf("got %+v, want an error", a)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want %q in one line", err, tt.want)
			}
		})
	}
}

func TestParseLongestPath(t *testing.T) {
	in := "unix:/" + strings.Repeat("a", maxPath-1)
	if _, err := Parse(in); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{":8000", "[::1%eth0]:1", "unix:/run/a.sock", "unix:./a", "8000", "http://x:1/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(a.String())
		if err != nil || again != a {
			t.Errorf("%q: %+v is written %q, which is read as %+v, %v", s, a, a.String(), again, err)
		}
	})
}
