package harness

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// Root is the repository's root directory.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Apps is the directory of the applications that the tests serve.
func Apps() string { return filepath.Join(Root(), "e2e", "apps") }

var binary string

// Main is for TestMain: it builds the binary ($HIGHBALL_BINARY names one that is
// built already), runs the tests, stops the shared servers and returns the exit
// code. Tests that run under the race detector get a server that does, too.
func Main(m *testing.M) int {
	binary = os.Getenv("HIGHBALL_BINARY")
	if binary == "" {
		dir, err := os.MkdirTemp("", "highball-e2e-")
		if err != nil {
			return failed(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "highball")
		if err := build(binary); err != nil {
			return failed(err)
		}
	}
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set(strconv.Itoa(8 * runtime.GOMAXPROCS(0))) // these tests wait more than they compute
	}
	code := m.Run()
	if err := stopShared(); err != nil {
		return failed(err)
	}
	return code
}

func build(target string) error {
	cmd := exec.Command("go", "build", "-o", target)
	if raceDetector {
		cmd.Args = append(cmd.Args, "-race")
	}
	cmd.Args = append(cmd.Args, "./cmd/highball")
	cmd.Dir = Root()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("building highball: %w\n%s", err, out)
	}
	return nil
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "FAIL:", err)
	return 1
}

// Binary is the path of the highball that is tested.
func Binary() string { return binary }
