package uwsgiconf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected output")

// aSystem is the same on every machine.
func aSystem(dir string) System {
	return System{
		Dir: dir, Program: "/usr/bin/highball", Hostname: "web1", CPUs: 4, Seconds: 1700000000, Microseconds: 1700000000123456,
		UID: 33, GID: 33, User: "www-data", Group: "www-data", Environ: []string{"HOME=/home/site", "STAGE=live"},
	}
}

// TestGolden reads each archive of testdata: its file "args" or main.ini, and compares
// with "want" what it comes to.
func TestGolden(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	if len(paths) == 0 {
		t.Fatal("no archives")
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var args []string
			want := -1
			for i, f := range archive.Files {
				switch f.Name {
				case "want":
					want = i
				case "args":
					args = strings.Fields(string(f.Data))
				default:
					if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := strings.ReplaceAll(comesTo(args, aSystem(dir)), dir, "DIR")
			if *update {
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(archive.Files[want].Data) {
				t.Errorf("got\n%swant\n%s", got, archive.Files[want].Data)
			}
		})
	}
}

// comesTo writes a translation as lines.
func comesTo(args []string, sys System) string {
	c, err := Read(args, sys)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	tr := Translate(c, sys)
	var b strings.Builder
	for _, g := range tr.Given {
		fmt.Fprintf(&b, "%s = %q  # %s\n", g.Name, g.Texts, g.Place)
	}
	for _, l := range tr.Left {
		kind := "left"
		if l.Refused {
			kind = "refused"
		}
		fmt.Fprintf(&b, "%s: %s\n", kind, l.Error())
	}
	return b.String()
}

// Some editors of Windows put a mark before the first line.
func TestAByteOrderMarkIsNoText(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.ini": "[uwsgi]\r\nmodule = shop\r\n", "a.yml": "uwsgi:\r\n  module: shop\r\n", "a.json": `{"uwsgi": {"module": "shop"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("\ufeff"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		conf, err := Read([]string{name}, aSystem(dir))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := conf.Options()["module"]; len(got) != 1 || got[0] != "shop" {
			t.Errorf("%s: module %q", name, got)
		}
	}
}
