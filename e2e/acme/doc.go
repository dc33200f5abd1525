// Package acme tests what the highball binary gets by itself: certificates of a real
// authority, pebble, and those for development that the machine's own programs trust.
package acme
