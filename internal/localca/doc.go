// Package localca makes certificates for development: for localhost and this machine's
// name, by an authority that is made once and whose key never leaves the machine, and has
// the machine's own programs trust it where that can be done without asking anybody.
package localca
