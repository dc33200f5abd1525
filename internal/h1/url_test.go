package h1

import "testing"

// What net/url makes of hosts that it knows stays; the others are as they were sent.
func TestURLOfAnAbsoluteTarget(t *testing.T) {
	for target, want := range map[string]string{
		"http://a.example:8/b%2f?c":   "http a.example:8 /b/ c",
		"http://[::1]?c":              "http [::1]  c",
		"http://ex%41mple.org/a%2fb":  "http ex%41mple.org /a/b ",
		"https://[v1.fe80::a+en1]:80": "https [v1.fe80::a+en1]:80  ",
	} {
		var x exchange
		if err := parseURL(&x.url, target); err != nil {
			t.Error(err)
		}
		if u := x.url; u.Scheme+" "+u.Host+" "+u.Path+" "+u.RawQuery != want {
			t.Errorf("%s: %+v", target, u)
		}
	}
}
