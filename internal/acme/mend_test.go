package acme

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What was written by half does not keep a name without a certificate for ever.
func TestBrokenFiles(t *testing.T) {
	for i, what := range []string{"certificate", "key", "metadata"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, l, dir := newAuthority(t, 30*day), &log{}, t.TempDir()
				m := newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: dir})
				start(t, m)
				<-time.After(time.Second)
				file := m.storage.Filename(m.kept["example.test"].files()[i])
				m.Close()
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
					t.Fatal(err)
				}

				m = newManager(t, a, l, Options{Names: []string{"example.test"}, Dir: dir})
				start(t, m)
				defer m.Close()
				<-time.After(time.Second)
				if _, err := shake(m, "example.test"); err != nil || len(a.asked()) != 2 {
					t.Errorf("%v, orders %v", err, a.asked())
				}
				if lines := l.lines("cannot be used"); len(lines) != 1 || !strings.Contains(lines[0], ".broken") {
					t.Errorf("lines %v", lines)
				}
				if _, err := os.Stat(file + ".broken"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What can be used stays, whatever else has failed, and so does what is not there.
func TestGoodFilesStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t, 30*day)
		m := newManager(t, a, &log{}, Options{Names: []string{"example.test"}, Dir: t.TempDir()})
		if err := m.Open(); err != nil {
			t.Fatal(err)
		}
		k := m.kept["example.test"]
		if k.mend(t.Context()) {
			t.Error("nothing is there")
		}
		m.Start()
		defer m.Close()
		<-time.After(time.Second)
		if k.mend(t.Context()) {
			t.Error("it could be used")
		}
		if _, err := os.Stat(m.storage.Filename(k.files()[0])); err != nil {
			t.Error(err)
		}
	})
}
