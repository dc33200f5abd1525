package pebble

import (
	"path/filepath"
	"testing"

	"highball/internal/certs/certstest"
)

// newServerCertificate writes cert.pem and key.pem for 127.0.0.1, and returns the file of
// the root that has signed it.
func newServerCertificate(t testing.TB, dir string) (root string) {
	t.Helper()
	ca := certstest.Root(t, "The directory of a test")
	issued := ca.Issue(t, []string{"127.0.0.1"})
	certstest.Write(t, filepath.Join(dir, "cert.pem"), issued.Cert)
	certstest.Write(t, filepath.Join(dir, "key.pem"), issued.Key)
	return certstest.Write(t, filepath.Join(dir, "root.pem"), ca.PEM)
}
