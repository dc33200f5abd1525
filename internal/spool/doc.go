// Package spool holds what is too large for memory in files that have no name:
// nothing is left behind, however the process ends.
package spool
