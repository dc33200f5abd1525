package behind

import (
	"os"
	"testing"

	"highball/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// long says whether there is time for everything.
func long() bool { return os.Getenv("HIGHBALL_TEST_LONG") == "1" }
