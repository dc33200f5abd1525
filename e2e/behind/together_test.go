package behind

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

// together are all set-ups without a prefix, in front of one Highball: what is done to
// that, all of them see.
type together struct {
	first  *place
	places []*place
}

func newTogether(t *testing.T, wanted func(setup) bool) *together {
	t.Helper()
	a := &together{}
	for _, u := range setups() {
		if u.prefix != "" || !wanted(u) {
			continue
		}
		if a.first == nil {
			a.first = newPlace(t, u)
		}
		p := *a.first // the same sockets, addresses of Highball and certificate
		p.setup, p.plain, p.secure = u, peer.FreeAddress(t), peer.FreeAddress(t)
		a.places = append(a.places, &p)
	}
	return a
}

// binds are what they are in front of, by the protocol that is spoken there.
func (a *together) binds() []string {
	p := a.first
	return []string{
		"unix:" + p.dir + "/http.sock", p.upstream.http,
		"uwsgi://unix:" + p.dir + "/uwsgi.sock", "uwsgi://" + p.upstream.uwsgi,
		"proxy+https://unix:" + p.dir + "/https.sock", "proxy+https://" + p.upstream.proxy,
	}
}

// options are those of a Highball that believes all of them.
func (a *together) options(t *testing.T, binds []string) harness.Options {
	t.Helper()
	args := []string{
		"--workers", "1", "--threads", "4", "--control", filepath.Join(a.first.dir, "ctl"),
		"--certfile", filepath.Join(a.first.dir, "example.com.pem"), "--keyfile", filepath.Join(a.first.dir, "example.com.key"),
		"--trusted-proxies", "unix", "--trusted-proxies", "127.0.0.1",
		"--proxy-headers", "nginx", "--proxy-headers", "apache", "--proxy-headers", "haproxy",
	}
	for _, bind := range binds {
		args = append(args, "--bind", bind)
	}
	return harness.Options{App: "all:application", Python: harness.Newest(t).Path, Args: args}
}

// open is for sockets of which everybody is a user: the proxies have several.
func open(binds []string) (opened []string) {
	for _, bind := range binds {
		if strings.Contains(bind, "unix:") {
			bind += "?mode=666"
		}
		opened = append(opened, bind)
	}
	return opened
}

// held opens the sockets as systemd does, and returns the binds by which they are taken.
func (a *together) held(t *testing.T) (binds []string, files []*os.File) {
	t.Helper()
	for i, bind := range a.binds() {
		protocol, address, found := strings.Cut(bind, "://")
		if !found {
			protocol, address = "http", bind
		}
		network := "tcp"
		if path, unix := strings.CutPrefix(address, "unix:"); unix {
			network, address = "unix", path
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		if network == "unix" {
			_ = os.Chmod(address, 0o666)
		}
		f, err := l.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		binds, files = append(binds, protocol+"://fd://"+string(rune('3'+i))), append(files, f)
	}
	return binds, files
}

// loads are clients of every proxy.
func (a *together) loads(t *testing.T) []*harness.Load {
	t.Helper()
	var loads []*harness.Load
	for _, p := range a.places {
		p.serve(t)
		for _, body := range []string{"", "a body"} {
			load := &harness.Load{Network: "tcp", Address: p.secure, Path: "/hello/", KeepAlive: 1, OneShot: 1, Body: body, TLS: p.tls()}
			load.Start()
			loads = append(loads, load)
		}
	}
	return loads
}

// progress waits until each load has so many answers more.
func progress(t *testing.T, loads []*harness.Load, more int) {
	t.Helper()
	var before []int
	for _, load := range loads {
		before = append(before, load.Answered())
	}
	for i, load := range loads {
		harness.Eventually(t, "the load goes on", func() bool { return load.Answered() >= before[i]+more })
	}
}

// judge ends the loads, and fails the test for each client that has seen an error.
func (a *together) judge(t *testing.T, loads []*harness.Load) {
	t.Helper()
	for _, load := range loads {
		load.End()
	}
	for i, load := range loads {
		report, p := load.Wait(), a.places[i/2]
		t.Logf("%-20s POST %-5t %6d answers, %d lost, %d refused", p.name, load.Body != "", report.Answered, len(report.Losses), report.Refused)
		for _, loss := range report.Losses[:min(3, len(report.Losses))] {
			t.Errorf("%s: POST %t: lost: %v", p.name, load.Body != "", loss)
		}
		if report.Refused > 0 {
			t.Errorf("%s: %d connects were refused", p.name, report.Refused)
		}
	}
}
