package acme

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type noDNS struct{}

func (noDNS) Present(context.Context, string, string) error { return nil }
func (noDNS) CleanUp(context.Context, string, string) error { return nil }

func TestOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"no name":           {},
		`"http-02" is no`:   {Names: []string{"a.test"}, Challenges: []string{"http-02"}},
		"needs a challenge": {Names: []string{"*.a.test"}},
		`"https://a.test"`:  {Names: []string{"https://a.test"}},
		`"a.test:443"`:      {Names: []string{"a.test:443"}},
		`"a..test"`:         {OnDemand: []string{"a..test"}},
		`"*"`:               {OnDemand: []string{"*"}},
		`"*.test"`:          {OnDemand: []string{"*.test"}},
		`"a.*.test"`:        {OnDemand: []string{"a.*.test"}},
		`"-a.test"`:         {Names: []string{"-a.test"}},
		`"exämple.test"`:    {Names: []string{"exämple.test"}},
		`"../etc"`:          {Names: []string{"../etc"}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error that says %q", o, err, want)
		}
	}
	for _, o := range []Options{
		{Names: []string{"localhost", "A.Test", "xn--exmple-cua.test", "192.0.2.1", "2001:db8::1"}},
		{Names: []string{"*.a.test"}, DNS: noDNS{}},
		{OnDemand: []string{"*.a.test"}},
	} {
		if _, err := New(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestRootsOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "root.pem")
	if _, err := Roots(file); err == nil {
		t.Error("no file")
	}
	if err := os.WriteFile(file, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Roots(file); err == nil || !strings.Contains(err.Error(), "has no certificate") {
		t.Errorf("got %v", err)
	}
}

func TestDefaultDir(t *testing.T) {
	home := t.TempDir()
	for _, tt := range []struct {
		env  map[string]string
		uid  int
		want string
	}{
		{map[string]string{"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_DATA_HOME": "/x", "HOME": home}, 4711, "/var/lib/a/acme"},
		{map[string]string{"XDG_DATA_HOME": "/x", "HOME": home}, 0, "/x/highball/acme"},
		{map[string]string{"HOME": "/nonexistent"}, 4711, "/var/lib/highball/acme"},
		{map[string]string{"HOME": home}, 4711, home + "/.local/share/highball/acme"},
		{map[string]string{"HOME": home}, 0, "/var/lib/highball/acme"},
	} {
		if got := DefaultDir(func(name string) string { return tt.env[name] }, tt.uid); got != tt.want {
			t.Errorf("%v of uid %d: got %s, want %s", tt.env, tt.uid, got, tt.want)
		}
	}
}

// Which names the server comes to a Manager for.
func TestHas(t *testing.T) {
	m := newManager(t, newAuthority(t, day), &log{}, Options{
		Names: []string{"Example.test", "*.wild.test", "192.0.2.1"}, OnDemand: []string{"*.on.test"}, DNS: noDNS{}, Dir: t.TempDir(),
	})
	if err := m.Open(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for name, want := range map[string]bool{
		"": true, "example.test": true, "a.wild.test": true, "a.on.test": true, "192.0.2.1": true,
		"1.2.0.192.in-addr.arpa": true, // how an authority asks for an address
		"a.example.test":         false, "wild.test": false, "a.b.wild.test": false, "on.test": false, "other.test": false,
	} {
		if got := m.Has(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}
