//go:build !windows

package main

import "highball"

// newServer makes the real server; tests put another in its place.
func newServer(cfg highball.Config) (server, error) {
	cfg.Standalone = true
	return highball.New(cfg)
}
