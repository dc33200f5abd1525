//go:build !windows

package main

import (
	"path/filepath"
	"strings"
)

// verbOfName is the verb that a link to the program is named after, "" where its name is
// its own: other servers' start lines work with such a link in the place of theirs.
func verbOfName(argv0 string) string {
	switch name := strings.TrimPrefix(filepath.Base(argv0), "-"); name {
	case "gunicorn", "uwsgi":
		return name
	}
	return ""
}

// byName puts the verb that the program is called by before its arguments.
func byName(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	if verb := verbOfName(args[0]); verb != "" {
		return append([]string{verb}, args[1:]...)
	}
	return args[1:]
}
