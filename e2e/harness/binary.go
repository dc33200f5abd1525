package harness

import (
	"errors"
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

// binary is what is tested, and mounted, if OtherEngine, the same served by net/http.
var binary, mounted string

// OtherEngine says that the shared servers are to be served by net/http's server, in
// which a Go program would mount the application, and not by our own.
func OtherEngine() bool { return os.Getenv("HIGHBALL_TEST_ENGINE") == "net/http" }

// Mounted is the program for that; empty if it is not OtherEngine that is tested.
func Mounted() string { return mounted }

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
	if OtherEngine() {
		dir, err := os.MkdirTemp("", "highball-e2e-")
		if err != nil {
			return failed(err)
		}
		defer os.RemoveAll(dir)
		mounted = filepath.Join(dir, "highball-mounted")
		if err := run("go", "test", "-c", "-o", mounted, "./cmd/highball"); err != nil {
			return failed(err)
		}
	}
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set(strconv.Itoa(8 * runtime.GOMAXPROCS(0))) // these tests wait more than they compute
	}
	before := trusted()
	code := m.Run()
	defer removeCertificate()
	if err := errors.Join(stopShared(), leftTrusted(before)); err != nil {
		return failed(err)
	}
	return code
}

func build(target string) error {
	args := []string{"build", "-o", target}
	if raceDetector {
		args = append(args, "-race")
	}
	return run("go", append(args, "./cmd/highball")...)
}

func run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
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

// Race says whether the tests, and the server with them, run under the race detector.
func Race() bool { return raceDetector }
