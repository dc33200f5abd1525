// Package peer runs the programs that stand in front of Highball: real ones, on
// loopback ports, with all their files in a scratch directory.
package peer

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"highball/e2e/harness"
)

// Peer is a program that listens on Address.
type Peer struct{ Address string }

// URL is the address of a path on it.
func (p *Peer) URL(path string) string { return "http://" + p.Address + path }

// Nginx runs nginx with this configuration of its http block, in which ADDRESS and DIR
// stand for where to listen and for the scratch directory.
func Nginx(t testing.TB, config string) *Peer {
	return run(t, "nginx", `daemon off; user root; worker_processes 1; pid DIR/pid; error_log DIR/log info;
events {}
http { access_log off; client_max_body_size 0; client_body_temp_path DIR/b; proxy_temp_path DIR/p;
fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
`+config+"\n}\n", "-p", "DIR", "-c", "DIR/config")
}

// Apache runs Apache with mod_proxy, mod_proxy_http and mod_proxy_uwsgi.
func Apache(t testing.TB, config string) *Peer {
	modules := ""
	for _, m := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "proxy_uwsgi"} {
		modules += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	return run(t, "apache2", "ServerRoot DIR\nPidFile DIR/pid\nErrorLog DIR/log\nServerName localhost\nListen ADDRESS\nUser www-data\nGroup www-data\n"+
		modules+config+"\n", "-f", "DIR/config", "-DFOREGROUND")
}

// HAProxy runs HAProxy.
func HAProxy(t testing.TB, config string) *Peer {
	return run(t, "haproxy", config+"\n", "-db", "-f", "DIR/config")
}

// UWSGI runs uWSGI itself, in Debian's form, with the application of a file.
func UWSGI(t testing.TB, application string, args ...string) *Peer {
	return run(t, "uwsgi", "", append([]string{
		"--plugin", "python3", "--uwsgi-socket", "ADDRESS", "--wsgi-file", application, "--pythonpath", harness.Apps(),
		"--need-app", "--die-on-term", "--buffer-size", "65535",
	}, args...)...)
}

// UWSGIFile runs uWSGI with an ini file, in which ADDRESS and DIR stand for where to listen
// and for the scratch directory.
func UWSGIFile(t testing.TB, ini string) *Peer {
	return run(t, "uwsgi", ini, "--plugin", "python3", "--ini", "DIR/config")
}

func run(t testing.TB, program, config string, args ...string) *Peer {
	t.Helper()
	path := Find(t, program)
	dir := t.TempDir()
	p := &Peer{Address: freeAddress(t)}
	names := strings.NewReplacer("DIR", dir, "ADDRESS", p.Address)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(names.Replace(config)), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = names.Replace(args[i])
	}
	serve(t, program, exec.Command(path, args...), dir, p.Address)
	return p
}

// The ports that the system gives to those who connect begin at 32768 on Linux: one of
// those may be taken before the program that it was meant for listens there.
const (
	firstPort = 10240
	lastPort  = 32767
)

var ports atomic.Int64

// freeAddress is an address of 127.0.0.1 on which nobody listens. No two calls of a
// process return the same.
func freeAddress(t testing.TB) string {
	t.Helper()
	const count = lastPort - firstPort + 1
	begin := int64(os.Getpid()) * 7919 // far from where the tests beside this begin
	for range count {
		port := firstPort + (begin+ports.Add(1))%count
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("there is no free port")
	return ""
}
