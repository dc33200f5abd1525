//go:build !windows

package daemon

import (
	"os"
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	before, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Skip("no /proc/self/comm")
	}
	defer Name(strings.TrimSpace(string(before)))
	for name, want := range map[string]string{"shop": "shop", "a name that is too long": "a name that is "} {
		Name(name)
		Name("")
		if got, _ := os.ReadFile("/proc/self/comm"); string(got) != want+"\n" {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestInherited(t *testing.T) {
	if c := Inherited([]string{"A=B", "X" + Variable + "=1"}); c != nil {
		t.Error("this process is no daemon")
	}
}

func TestIsTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if IsTerminal(null) {
		t.Error("the null device is taken for a terminal")
	}
	if terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil {
		defer terminal.Close()
		if !IsTerminal(terminal) {
			t.Error("a terminal is not taken for one")
		}
	}
}
