//go:build !windows

package main

import (
	"strings"
	"testing"

	"highball"
	"highball/internal/listen"
)

func TestReadPrivileges(t *testing.T) {
	p, err := readPrivileges(resolved(t))
	if err != nil || p.become != nil || p.umask != -1 || p.changes() {
		t.Errorf("nothing was asked for: %+v, %v", p, err)
	}
	p, err = readPrivileges(resolved(t, "--umask", "027", "--user", "4712", "--group", "4711"))
	if err != nil || p.umask != 0o27 || p.become.UID != 4712 || p.become.GID != 4711 || !p.changes() {
		t.Errorf("got %+v, %v", p, err)
	}
	for flag, want := range map[string]string{"--umask=89": "not octal", "--umask=1000": "not octal", "--user=no-such-user-here": "no user", "--group=no-such-group": "no group"} {
		if _, err := readPrivileges(resolved(t, flag)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

// Without an address, what systemd has given is served.
func TestBindsForSystemd(t *testing.T) {
	systemd := []highball.Socket{{Address: "systemd:web"}}
	for _, test := range []struct {
		args    []string
		sockets []highball.Socket
		want    string
	}{
		{nil, nil, highball.DefaultBind},
		{nil, systemd, listen.AllOfSystemd},
		{[]string{"--bind", ":1"}, systemd, ":1"},
		{nil, []highball.Socket{{Address: "127.0.0.1:8000"}}, highball.DefaultBind},
	} {
		if got := bindsFor(resolved(t, test.args...), test.sockets); strings.Join(got, " ") != test.want {
			t.Errorf("%v %v: %v", test.args, test.sockets, got)
		}
	}
}

// What was kept by root's default is found again after an upgrade, in which the process
// is the user from its start.
func TestACMEDirOfAUser(t *testing.T) {
	home := []string{"HOME=" + t.TempDir()}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"--user", "4712", "--group", "4711"}, ""},
		{[]string{"--https", "a.test"}, ""}, // by whoever it is
		{[]string{"--https", "a.test", "--user", "4712", "--group", "4711"}, "/var/lib/highball/acme"},
		{[]string{"--local-https", "--user", "4712", "--group", "4711"}, "/var/lib/highball/acme"},
		{[]string{"--acme-on-demand", "a.test", "--user", "4712", "--group", "4711", "--acme-dir", "/x"}, "/x"},
	} {
		values := resolved(t, test.args...)
		p, err := readPrivileges(values)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.acmeDir(serverConfig(values, logs{}), home); got != test.want {
			t.Errorf("%v: %q, want %q", test.args, got, test.want)
		}
	}
}
