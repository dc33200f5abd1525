package main

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"highball/internal/settings"
)

// The page for operators tells of each time, each limit and each signal.
func TestOperationsAreComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	limits := []settings.Kind{settings.Int, settings.Duration, settings.Size}
	for _, s := range settingsTable().Settings {
		if slices.Contains(limits, s.Kind) && !strings.Contains(page, "`"+s.Name+"`") {
			t.Errorf("the page does not say what %s does", s.Name)
		}
	}
	for _, signal := range known {
		name := unix.SignalName(signal.(syscall.Signal))
		if !strings.Contains(page, name) {
			t.Errorf("the page does not say what %s does", name)
		}
	}
}
