// Package beside runs the programs that Highball stands in for beside it, with the same
// configuration and the same application, and compares what clients, the application, the
// logs and whoever sends signals see of both.
package beside
