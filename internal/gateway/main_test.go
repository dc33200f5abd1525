package gateway

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The run fails on goroutines of this package that outlive the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if leaked := leakedGoroutines(); code == 0 && leaked != "" {
		os.Stderr.WriteString("goroutines are left:\n" + leaked)
		code = 1
	}
	os.Exit(code)
}

func leakedGoroutines() string {
	var leaked []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		leaked = nil
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")[1:] {
			if strings.Contains(g, "highball/internal/gateway") {
				leaked = append(leaked, g)
			}
		}
		if leaked == nil {
			return ""
		}
	}
	return strings.Join(leaked, "\n\n") + "\n"
}
