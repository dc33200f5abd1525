package peer

import (
	"os"
	"testing"
)

// modWSGI is where Debian has the module, for the interpreter /usr/bin/python3.
const modWSGI = "/usr/lib/apache2/modules/mod_wsgi.so"

// ModWSGI runs Apache with mod_wsgi. Its daemons have their sockets in dir, which has to be
// open to all.
func ModWSGI(t testing.TB, dir, config string) *Peer {
	t.Helper()
	return run(t, "apache2", "ServerRoot DIR\nPidFile DIR/pid\nErrorLog DIR/log\nServerName localhost\nListen ADDRESS\nUser www-data\nGroup www-data\n"+
		apacheModules("mpm_event", "authz_core", "wsgi")+"WSGISocketPrefix "+dir+"/wsgi\n<Directory />\nRequire all granted\n</Directory>\n"+config+"\n",
		"-f", "DIR/config", "-DFOREGROUND")
}

// Module is the text of the module, or the test is skipped.
func Module(t testing.TB) string {
	t.Helper()
	Find(t, "apache2")
	text, err := os.ReadFile(modWSGI)
	if err != nil {
		t.Skip("Apache's mod_wsgi is not installed")
	}
	return string(text)
}
