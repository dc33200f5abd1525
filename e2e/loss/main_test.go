package loss

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set(strconv.Itoa(4 * runtime.GOMAXPROCS(0))) // each has processes of its own under load
	}
	os.Exit(harness.Main(m))
}

// lasting is how long a fault goes on: as long as it says with HIGHBALL_TEST_LONG=1.
func lasting(long time.Duration) time.Duration {
	switch {
	case os.Getenv("HIGHBALL_TEST_LONG") != "":
		return long
	case testing.Short():
		return long / 15
	}
	return long / 6
}

// eachPreload runs a test body with --preload and without.
func eachPreload(t *testing.T, body func(t *testing.T, flag string)) {
	t.Parallel()
	for _, flag := range []string{"--preload", "--no-preload"} {
		t.Run(flag[2:], func(t *testing.T) {
			t.Parallel()
			body(t, flag)
		})
	}
}
