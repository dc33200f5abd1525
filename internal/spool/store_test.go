package spool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
)

func newStore(t *testing.T, quota int64) *Store {
	t.Helper()
	s, err := New(t.TempDir(), quota)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, s *Store) *File {
	t.Helper()
	f, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func write(t *testing.T, f *File, p []byte) {
	t.Helper()
	if n, err := f.Write(p); n != len(p) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(p), err)
	}
}

func wantStats(t *testing.T, s *Store, want Stats) {
	t.Helper()
	if got := s.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFileKeepsWhatIsWritten(t *testing.T) {
	s := newStore(t, 0)
	f := create(t, s)
	data := make([]byte, 300<<10)
	for i := range data {
		data[i] = byte(rand.N(256))
	}
	write(t, f, data[:100<<10])
	write(t, f, data[100<<10:])
	got := make([]byte, len(data))
	if n, err := f.ReadAt(got, 0); n != len(data) || err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d: %v", n, err)
	}
	if n, err := f.ReadAt(got[:10], f.Size()-5); n != 5 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	wantStats(t, s, Stats{Files: 1, Open: 1, Held: 300 << 10, Written: 300 << 10})
	if entries, err := os.ReadDir(s.Dir()); err != nil || len(entries) > 0 {
		t.Errorf("the file has a name: %v %v", entries, err)
	}
}

func TestReopenHasItsOwnOffset(t *testing.T) {
	f := create(t, newStore(t, 0))
	write(t, f, []byte("hello, world"))
	for range 2 { // the second is not where the first ended
		r, err := f.Reopen()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != "hello, world" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if _, err := r.Write([]byte("x")); err == nil {
			t.Error("it can be written to")
		}
		defer r.Close()
	}
	r, err := f.Reopen()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "hello, world" || err != nil {
		t.Errorf("after Close: %q, %v", got, err)
	}
}

// The ways of other systems, where the fast ones are missing.
func TestFallbacks(t *testing.T) {
	dir := t.TempDir()
	f, err := named(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("hello"), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again, err := duplicate(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(again); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		_ = again.Close()
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left: %v %v", entries, err)
	}
}

func TestQuota(t *testing.T) {
	s := newStore(t, 10)
	f, g := create(t, s), create(t, s)
	write(t, f, []byte("123456"))
	if n, err := g.Write([]byte("12345")); n != 0 || !errors.Is(err, ErrQuota) {
		t.Errorf("beyond the quota: %d, %v", n, err)
	}
	write(t, g, []byte("1234"))
	wantStats(t, s, Stats{Files: 2, Open: 2, Held: 10, Written: 10, Refused: 1})
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	wantStats(t, s, Stats{Files: 2, Open: 1, Held: 4, Written: 10, Refused: 1})
	write(t, g, []byte("123456"))
	if _, err := f.Write([]byte("1")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after Close: %v", err)
	}
	if err := g.Reset(); err != nil || g.Size() != 0 {
		t.Errorf("after Reset: %d, %v", g.Size(), err)
	}
	write(t, g, []byte("0123456789"))
	got := make([]byte, 10)
	if _, err := g.ReadAt(got, 0); err != nil || string(got) != "0123456789" {
		t.Errorf("read %q, %v", got, err)
	}
	_ = g.Close()
	if held := s.Stats().Held; held != 0 {
		t.Errorf("%d bytes are held by nobody", held)
	}
}

func TestQuotaIsSharedByAll(t *testing.T) {
	s := newStore(t, 1000)
	var wg sync.WaitGroup
	for range 20 {
		f := create(t, s)
		wg.Go(func() {
			for range 100 {
				_, err := f.Write([]byte("0123456789"))
				if err != nil && !errors.Is(err, ErrQuota) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if held := s.Stats().Held; held > 1000 || held < 900 {
		t.Errorf("%d bytes are held, of 1000", held)
	}
}

func TestUnusableDirectory(t *testing.T) {
	_, err := New("/nonexistent", 0)
	if err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--spool-dir") {
		t.Errorf("got %v", err)
	}
	if _, err := New(t.TempDir(), -1); err == nil {
		t.Error("a negative quota was taken")
	}
	dir := t.TempDir()
	s, err := New(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(); err == nil || !strings.Contains(err.Error(), "name another directory") {
		t.Errorf("got %v", err)
	}
	wantStats(t, s, Stats{Refused: 1})
}

func TestDefaultDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if s, err := New("", 0); err != nil || s.Dir() != dir {
		t.Errorf("got %v, %v", s, err)
	}
	t.Setenv("TMPDIR", "/nonexistent") // named by somebody: not passed over
	if _, err := New("", 0); err == nil {
		t.Error("an unusable TMPDIR was passed over")
	}
	t.Setenv("TMPDIR", "")
	if s, err := New("", 0); err != nil || s.Dir() != "/var/tmp" && s.Dir() != "/tmp" {
		t.Errorf("got %v, %v", s, err)
	}
}
