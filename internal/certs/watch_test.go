package certs

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/certs/certstest"
)

// A certificate that is replaced, by whatever way, is served without a restart.
func TestReload(t *testing.T) {
	ca := certstest.Root(t, "a root")
	names := []string{"a.test"}
	old, next := ca.Issue(t, names), ca.Issue(t, names)
	for name, replace := range map[string]func(t *testing.T, p Pair){
		"renamed over": func(t *testing.T, p Pair) {
			certstest.Write(t, p.Cert, next.Cert)
			certstest.Write(t, p.Key, next.Key)
		},
		"written in place": func(t *testing.T, p Pair) {
			writeInPlace(t, p.Cert, next.Cert)
			writeInPlace(t, p.Key, next.Key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			pair := files(t, t.TempDir(), "x", old)
			s, log := open(t, Options{Pairs: []Pair{pair}})
			replace(t, pair)
			s.Reload()
			want(t, "shown", shown(t, s, "a.test"), serial(t, next))
			log.has(t, 1, "certificate read again")
			s.Reload()
			log.has(t, 1, "certificate read again")
		})
	}
}

func writeInPlace(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Certbot turns the links in "live", Kubernetes one to the directory of both files.
func TestLinksThatAreTurned(t *testing.T) {
	ca := certstest.Root(t, "a root")
	old, next := ca.Issue(t, []string{"a.test"}), ca.Issue(t, []string{"a.test"})
	dir := t.TempDir()
	for i, issued := range []certstest.Issued{old, next} {
		version := filepath.Join(dir, "..v"+string(rune('1'+i)))
		if err := os.Mkdir(version, 0o700); err != nil {
			t.Fatal(err)
		}
		files(t, version, "tls", issued)
	}
	link(t, "..v1", filepath.Join(dir, "..data"))
	link(t, filepath.Join("..data", "tls.pem"), filepath.Join(dir, "tls.pem"))
	link(t, filepath.Join("..data", "tls.key"), filepath.Join(dir, "tls.key"))
	s, _ := open(t, Options{Pairs: []Pair{{filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key")}}})
	link(t, "..v2", filepath.Join(dir, "..data"))
	s.Reload()
	want(t, "shown", shown(t, s, "a.test"), serial(t, next))
}

// link makes a symbolic link, in the place of another if there is one.
func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path+".next"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

// What is half done leaves the old certificate in service, with one line, until it is done.
func TestHalfWritten(t *testing.T) {
	ca := certstest.Root(t, "a root")
	old, next := ca.Issue(t, []string{"a.test"}), ca.Issue(t, []string{"a.test"})
	pair := files(t, t.TempDir(), "x", old)
	s, log := open(t, Options{Pairs: []Pair{pair}})
	stays := func(what string, lines int) {
		t.Helper()
		for range 3 {
			s.Reload()
		}
		want(t, what, shown(t, s, "a.test"), serial(t, old))
		log.has(t, lines, "cannot be taken")
	}
	writeInPlace(t, pair.Cert, next.Cert[:len(next.Cert)/2])
	stays("half a certificate", 1)
	writeInPlace(t, pair.Cert, next.Cert)
	stays("a certificate without its key", 2)
	log.has(t, 1, "the key is not the certificate's")
	if err := os.Remove(pair.Key); err != nil {
		t.Fatal(err)
	}
	stays("no key", 3)
	writeInPlace(t, pair.Key, next.Key)
	s.Reload()
	want(t, "when all is there", shown(t, s, "a.test"), serial(t, next))
	log.has(t, 1, "certificate read again")
}

// What was no good is tried again, even if nothing of it seems to have changed: it may be
// leave to read it that was missing.
func TestTriedAgain(t *testing.T) {
	ca := certstest.Root(t, "a root")
	next := ca.Issue(t, []string{"a.test"})
	pair := files(t, t.TempDir(), "x", ca.Issue(t, []string{"a.test"}))
	s, _ := open(t, Options{Pairs: []Pair{pair}})
	writeInPlace(t, pair.Key, next.Key)
	at := time.Now()
	for _, text := range [][]byte{make([]byte, len(next.Cert)), next.Cert} {
		writeInPlace(t, pair.Cert, text)
		if err := os.Chtimes(pair.Cert, at, at); err != nil {
			t.Fatal(err)
		}
		s.Reload()
	}
	want(t, "shown", shown(t, s, "a.test"), serial(t, next))
}

// The files are looked at by themselves.
func TestWatch(t *testing.T) {
	ca := certstest.Root(t, "a root")
	old, next := ca.Issue(t, []string{"a.test"}), ca.Issue(t, []string{"a.test"})
	pair := files(t, t.TempDir(), "x", old)
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, Options{Pairs: []Pair{pair}})
		ctx, cancel := context.WithCancel(t.Context())
		go s.Watch(ctx)
		certstest.Write(t, pair.Cert, next.Cert)
		certstest.Write(t, pair.Key, next.Key)
		<-time.After(2 * lookEvery) // of the bubble's own time
		synctest.Wait()
		want(t, "shown", s.index.Load().fallback[0].Leaf.SerialNumber.String(), serial(t, next))
		cancel()
	})
}
