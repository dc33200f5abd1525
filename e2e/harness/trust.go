package harness

import (
	"fmt"
	"os"
	"path/filepath"
)

// trusted describes what a local certificate adds to what this machine trusts.
func trusted() string {
	text := ""
	for _, path := range []string{
		"/usr/local/share/ca-certificates/highball-local.crt", "/etc/pki/ca-trust/source/anchors/highball-local.crt",
		"/etc/ca-certificates/trust-source/anchors/highball-local.crt", "/usr/share/pki/trust/anchors/highball-local.crt",
		filepath.Join(os.Getenv("HOME"), ".pki", "nssdb", "cert9.db"),
	} {
		if info, err := os.Stat(path); err == nil {
			text += fmt.Sprintf("%s, of %s\n", path, info.ModTime())
		}
	}
	return text
}

// leftTrusted is an error if the tests have changed what the machine trusts: that is its owner's.
func leftTrusted(before string) error {
	if now := trusted(); now != before {
		return fmt.Errorf("the tests have changed what this machine trusts: run servers with --local-https where there is no update-ca-certificates and no certutil on PATH\nbefore: %s\nnow: %s", before, now)
	}
	return nil
}
