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
