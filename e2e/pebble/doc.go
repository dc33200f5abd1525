// Package pebble runs Let's Encrypt's small authority for tests, pebble, on loopback, and
// the DNS server that goes with it. A test that needs them where they are not installed
// is skipped by name; `make pebble` fetches them.
package pebble
