package proxies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

const apacheFile = `
ServerRoot {dir}
ServerName localhost
PidFile {dir}/pid
ErrorLog {dir}/error.log
Listen 127.0.0.1:{port}
{modules}
RequestHeader set X-Forwarded-Proto https
ProxyPreserveHost {preserve}
ProxyPass / http://{address}/
`

// apacheModules are the lines that load what is needed of Debian's Apache.
func apacheModules(t *testing.T) string {
	t.Helper()
	lines := ""
	for _, name := range []string{"mpm_event", "authz_core", "headers", "proxy", "proxy_http"} {
		path := "/usr/lib/apache2/modules/mod_" + name + ".so"
		if _, err := os.Stat(path); err != nil {
			t.Skipf("Apache has no mod_%s", name)
		}
		lines += "LoadModule " + name + "_module " + path + "\n"
	}
	return lines
}

// Apache says For and Host by itself. It appends to what its client has said: a host that
// is forged contradicts the true one.
func TestApache(t *testing.T) {
	t.Parallel()
	path := peer.Find(t, "apache2")
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--proxy-headers", "apache")
	for _, preserve := range []string{"On", "Off"} {
		dir, port := t.TempDir(), freePort(t)
		config := file(t, "apache.conf", apacheFile, map[string]string{
			"dir": dir, "port": port, "address": s.Address, "preserve": preserve, "modules": apacheModules(t),
		})
		daemon(t, path, []string{"-X", "-f", config}, port)
		address := "127.0.0.1:" + port
		fromOutside(t, port, harness.Request("GET", "/", "X-Forwarded-For: 192.0.2.66")).has(t, environ{
			"REMOTE_ADDR": outside, "HTTP_HOST": "test.example", "SERVER_NAME": "test.example", "SERVER_PORT": "443",
			"wsgi.url_scheme": "https", "highball.peer_addr": "127.0.0.1", "HTTP_X_FORWARDED_SERVER": "", "HTTP_X_FORWARDED_HOST": "test.example",
		})
		if r := ask(t, "tcp", address, harness.Request("GET", "/", "X-Forwarded-Host: evil.test")); r.Status != 400 {
			t.Errorf("a forged host: %d %s", r.Status, r.Body)
		}
		if log, err := os.ReadFile(filepath.Join(dir, "error.log")); err != nil || strings.Contains(string(log), ":error]") {
			t.Errorf("Apache says %s, %v", log, err)
		}
	}
}
