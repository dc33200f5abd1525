// Package faults tests what the highball binary does when things go wrong:
// workers that die, applications that misbehave, signals, and starts that fail.
package faults
