package main

import "testing"

func TestTargets(t *testing.T) {
	for _, c := range []struct{ method, target, path, query string }{
		{"GET", "/a%2Fb?q=%2F", "/a/b", "q=%2F"},
		{"GET", "/a%zz", "/a%zz", ""},
		{"GET", "//x/", "//x/", ""},
		{"GET", "/x?u=http://a/b", "/x", "u=http://a/b"},
		{"GET", "http://a:1/b?c", "/b", "c"},
		{"GET", "http://a", "/", ""},
		{"GET", "http://a?c", "/", "c"},
		{"OPTIONS", "*", "*", ""},
		{"OPTIONS", "http://a", "*", ""},
	} {
		m := message{method: c.method}
		if m.setTarget(c.target); m.path != c.path || m.query != c.query {
			t.Errorf("%s %s: %q, %q", c.method, c.target, m.path, m.query)
		}
	}
}

func TestForwarded(t *testing.T) {
	const whole = "POST /a b HTTP/1.0\r\nHost: h\r\n" + clientField + ": 127.1.2.3\r\nContent-Length: 2\r\nX-A:  1 \r\n\r\nhi"
	for n := range len(whole) {
		if _, _, complete := parseForwarded([]byte(whole[:n])); complete {
			t.Errorf("complete after %q", whole[:n])
		}
	}
	m, client, complete := parseForwarded([]byte(whole))
	if !complete || client != "127.1.2.3" || m.path != "/a b" || m.host != "h" || m.fields["HTTP_X_A"] != "1" || len(m.fields) != 1 || m.body != "hi" {
		t.Errorf("%+v of %s, %v", m, client, complete)
	}
}
