package hostile

import (
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// long says that the numbers are to be those which Highball promises.
func long() bool { return os.Getenv("HIGHBALL_TEST_LONG") != "" }

// scaled is a number of clients or seconds: in the long variant, or in the short one.
func scaled[T any](inLong, inShort T) T {
	if long() {
		return inLong
	}
	return inShort
}

// needDescriptors skips a test for which this process may open too few. The limit
// is the hard one: Go has raised the soft one to it. Highball does the same.
func needDescriptors(t *testing.T, n int) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n)+500 {
		t.Skipf("%d descriptors are needed, and the limit is %d: raise it by ulimit -Hn", n+500, limit.Cur)
	}
}

// needLinux skips where there is no /proc, and no address but 127.0.0.1.
func needLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: /proc, and the addresses of 127.0.0.0/8")
	}
}

func median[T int64 | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
