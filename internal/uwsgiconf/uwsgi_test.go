package uwsgiconf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// realSystem is this machine and this process.
func realSystem(t *testing.T) System {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	hostname, _ := os.Hostname()
	return System{
		Dir: dir, Environ: os.Environ(), Hostname: hostname, CPUs: runtime.NumCPU(), UID: os.Getuid(), GID: os.Getgid(),
		User: u.Username, Group: g.Name,
	}
}

// showConfig has the installed uWSGI tell which options are in force.
func showConfig(t *testing.T, program string, args []string) []string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"--show-config", "--no-server"}, args...)...) //nolint:gosec // the test's own
	out, _ := cmd.CombinedOutput()                                                             // its exit code is that of --no-server
	_, shown, found := bytes.Cut(out, []byte("[uwsgi]\n"))
	shown, _, ended := bytes.Cut(shown, []byte(";end of configuration"))
	if !found || !ended {
		t.Fatalf("%s %v shows no configuration:\n%s", program, args, out)
	}
	var options []string
	for l := range strings.Lines(string(shown)) {
		key, _, _ := strings.Cut(l, " = ")
		if key != "show-config" && key != "no-server" {
			options = append(options, strings.TrimSuffix(l, "\n"))
		}
	}
	return options
}

// TestAgainstUWSGI compares what is in force with what uWSGI itself says.
func TestAgainstUWSGI(t *testing.T) {
	program, err := exec.LookPath("uwsgi-core")
	if err != nil {
		t.Skip("uwsgi-core (Debian's, which reads YAML and JSON by libraries) is not installed")
	}
	t.Chdir("testdata/corpus")
	for _, args := range [][]string{
		{"plain.ini"}, {"--ini", "plain.ini:other"}, {"--ini", "magic.ini"}, {"placeholders.ini"}, {"--ini", "logic.ini"}, {"nested.yml"}, {"--yaml", "nested.yml:other"},
		{"typed.json"}, {"--json", "typed.json"}, {"--ini", "sub/inner.ini"}, {"--ini", "sub/inner.ini:named"}, {"plain.ini", "-p3", "-M"},
		{"-s", "127.0.0.1:0", "-p", "3", "-MT", "-L", "--harakiri=5", "--env", "A=$(HOME) @(sub/text) %(harakiri) %d", "-l5", "--set", "x=y", "-S", "z=1", "-C"},
		{"--set-placeholder", "a=b", "--set", "c=%(a)", "--set-ph", "d=%(c)", "--chdir", "sub", "--inherit", "plain.ini", "--threads", "2"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			want := showConfig(t, program, args)
			c, err := Read(args, realSystem(t))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range c.Entries {
				value := e.Value
				if e.Bare {
					value = "true" // as it is shown
				}
				got = append(got, fmt.Sprintf("%s = %s", e.Key, value))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestUWSGIVariables compares the order of variables, arguments and files.
func TestUWSGIVariables(t *testing.T) {
	program, err := exec.LookPath("uwsgi-core")
	if err != nil {
		t.Skip("uwsgi-core is not installed")
	}
	t.Chdir("testdata/corpus")
	t.Setenv("UWSGI_MAX_REQUESTS", "7%d")
	args := []string{"plain.ini", "--threads", "9"}
	want := showConfig(t, program, args)
	c, err := Read(args, realSystem(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range c.Entries {
		if got := e.Key + " = " + e.Value; i >= len(want) || got != want[i] {
			t.Fatalf("%d: got %s, want %v", i, got, want)
		}
	}
}

// Which options take a value is what uWSGI's own getopt says, of those that have an effect here.
func TestOptionsTakeValues(t *testing.T) {
	program, err := exec.LookPath("uwsgi-core")
	if err != nil {
		t.Skip("uwsgi-core is not installed")
	}
	t.Chdir(t.TempDir())
	asked := 0
	for _, o := range Options() {
		for _, name := range o.Names {
			if o.Fate != Mapped && o.Fate != Obeyed || !isOption(name) {
				continue
			}
			// The option after it ends the start, whatever the first would do.
			cmd := exec.Command(program, "--plugin", "python3,http", "--"+name+"=", "--no-such-option") //nolint:gosec // the test's own
			out, _ := cmd.CombinedOutput()
			if bytes.Contains(out, []byte("unrecognized option '--"+name)) {
				continue // a plugin's that is not here
			}
			asked++
			if flag := bytes.Contains(out, []byte("doesn't allow an argument")); flag != (allOptions()[name].argument == none) {
				t.Errorf("--%s: uWSGI says that it takes no value: %v", name, flag)
			}
		}
	}
	if asked < 150 {
		t.Errorf("only %d options were asked about", asked)
	}
}

// A comment behind a number is a habit from other ini files.
func TestANumberWithAComment(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.ini"), []byte("[uwsgi]\nprocesses = 2 ; two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, err := Read([]string{"a.ini"}, aSystem(dir))
	if err != nil {
		t.Fatal(err)
	}
	want := `a.ini:2: processes: "2 ; two" is not a whole number of at least 0: a comment has a line of its own`
	tr := Translate(conf, aSystem(dir))
	if err := errors.Join(tr.Refusals()...); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
