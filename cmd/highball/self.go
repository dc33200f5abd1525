//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// self is how this process was started, so that it can be started again.
type self struct {
	path    string   // what argv[0] named, not the file that it is: an upgrade puts another there
	args    []string // argv[0] among them
	dir     string
	environ []string
	pid     int
}

// findSelf is called at the start: later the working directory or $PATH may lead
// elsewhere. Where argv[0] names no program, the one that runs is taken.
func findSelf(args, environ []string) (self, error) {
	dir, err := os.Getwd()
	if err != nil {
		return self{}, err
	}
	found := self{args: args, dir: dir, environ: withoutListen(environ), pid: os.Getpid()}
	if found.path = findProgram(args[0], dir, getenv(environ)("PATH")); found.path == "" {
		found.path, err = os.Executable()
	}
	return found, err
}

// findProgram finds a program as execvp(3) does; "" if there is none.
func findProgram(name, dir, path string) string {
	if strings.Contains(name, "/") {
		return ifExecutable(dir, name)
	}
	for _, where := range filepath.SplitList(path) {
		if found := ifExecutable(dir, filepath.Join(where, name)); found != "" {
			return found
		}
	}
	return ""
}

// ifExecutable returns the absolute form of name, "" if it cannot be executed.
func ifExecutable(dir, name string) string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return ""
	}
	return name
}

// withoutListen leaves out what says which sockets this process was given: the
// next one is given others. The watchdog is the next one's as well.
func withoutListen(environ []string) []string {
	watched := "WATCHDOG_PID=" + strconv.Itoa(os.Getpid())
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return strings.HasPrefix(entry, "LISTEN_") || entry == watched
	})
}
