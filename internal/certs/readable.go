package certs

import (
	"fmt"
	"os"
)

// CheckReadable says whether the files can be read by the process as it is now. Called
// when privileges have been given up, it finds what would otherwise show when the first
// certificate expires: that its successor cannot be read.
func (s *Store) CheckReadable() error {
	paths := []string{}
	for _, pair := range s.options.Pairs {
		paths = append(paths, pair.Cert, pair.keyFile())
	}
	if s.asks() {
		paths = append(paths, s.options.ClientCA)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("%w: the server reads it again when it changes, as the user that it runs as (uid %d): "+
				"let that one's group read it, and go through its directories", err, os.Geteuid())
		}
		_ = file.Close()
	}
	return nil
}
