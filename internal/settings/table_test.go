package settings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
)

// demo has a setting of each kind.
func demo() Table {
	return Table{Program: "demo", Settings: []Setting{
		{Name: "app", Kind: String, Positional: true, Group: "One", Usage: "the application"},
		{Name: "config", Kind: String, FlagOnly: true, Group: "One", Usage: "the file"},
		{Name: "threads", Short: "t", Kind: Int, Default: "4", Min: 1, Group: "Two", Usage: "how many"},
		{Name: "request-timeout", Kind: Duration, Default: "60s", Group: "Two", KnownAs: []string{"harakiri"}, Usage: "how long"},
		{Name: "preload", Kind: Bool, Group: "Two", Usage: "at once"},
		{Name: "level", Kind: Enum, Default: "info", Choices: []string{"debug", "info"}, Group: "One", Usage: "how much"},
		{Name: "bind", Kind: List, Default: "a:1,b:2", Group: "One", Usage: "where"},
		{Name: "env", Kind: Map, Group: "One", Usage: "around", Automatic: "as it is"},
	}}
}

// given is what a test gives to a table: a command line, variables, a file.
type given struct {
	line    []string
	environ []string
	file    string
	foreign []Given
}

// resolve runs the sources through demo. The file is called demo.toml, since the
// test's own directory is the current one.
func resolve(t *testing.T, g given) (Values, error) {
	t.Helper()
	return resolveBy(t, demo(), g)
}

func resolveBy(t *testing.T, table Table, g given) (Values, error) {
	t.Helper()
	flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	table.AddFlags(flags)
	if err := flags.Parse(g.line); err != nil {
		t.Fatalf("parsing %q: %v", g.line, err)
	}
	sources := Sources{Given: g.foreign, Flags: flags, Args: flags.Args(), Environ: g.environ}
	if g.file != "" {
		t.Chdir(t.TempDir())
		sources.File = "demo.toml"
		if err := os.WriteFile(filepath.Join(".", sources.File), []byte(g.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return table.Resolve(sources)
}

func TestNames(t *testing.T) {
	table := demo()
	s := table.Settings[3]
	if got := s.Flag(); got != "--request-timeout" {
		t.Errorf("Flag() = %q", got)
	}
	if got := s.Key(); got != "request_timeout" {
		t.Errorf("Key() = %q", got)
	}
	if got := table.Variable(s); got != "DEMO_REQUEST_TIMEOUT" {
		t.Errorf("Variable() = %q", got)
	}
}

func TestKindsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]Kind{}
	for k := String; k <= Map; k++ {
		if other, twice := seen[k.String()]; twice {
			t.Errorf("kinds %d and %d are both called %q", other, k, k)
		}
		seen[k.String()] = k
	}
	if len(seen) != 7 {
		t.Errorf("%d kinds, want 7", len(seen))
	}
}
