package acme

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"highball/e2e/harness"
)

// A lock of another process holds until that ends, in whatever way, and not longer.
func TestLockEndsWithItsHolder(t *testing.T) {
	if dir := os.Getenv("ACME_TEST_HOLD"); dir != "" {
		s, err := openStorage(dir)
		if err == nil {
			err = s.Lock(t.Context(), "name")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		select {}
	}
	dir := t.TempDir()
	holder := exec.Command(os.Args[0], "-test.run", "^TestLockEndsWithItsHolder$")
	holder.Env = append(os.Environ(), "ACME_TEST_HOLD="+dir)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Process.Kill(); _ = holder.Wait() }()
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder says %q", line)
	}

	s, err := openStorage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.TryLock(t.Context(), "name"); ok || err != nil {
		t.Fatalf("two have it, %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), harness.Blink)
	defer cancel()
	if err := s.Lock(short, "name"); err == nil {
		t.Fatal("two have it")
	}
	_ = holder.Process.Kill()
	began := time.Now()
	if err := s.Lock(t.Context(), "name"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a dead holder is noticed after %s", took)
	}
	if ok, err := s.TryLock(t.Context(), "name"); ok || err != nil {
		t.Errorf("twice in one process, %v", err)
	}
	if err := s.Unlock(t.Context(), "name"); err != nil {
		t.Error(err)
	}
	if err := s.Unlock(t.Context(), "name"); err == nil {
		t.Error("unlocked twice")
	}
}

// Nobody else can read what is kept.
func TestModes(t *testing.T) {
	a, dir := newAuthority(t, 30*day), filepath.Join(t.TempDir(), "new")
	m := newManager(t, a, &log{}, Options{Names: []string{"example.test"}, Dir: dir})
	start(t, m)
	defer m.Close()
	harness.Eventually(t, "the certificate", func() bool { _, err := shake(m, "example.test"); return err == nil })
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestDirCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := newManager(t, newAuthority(t, day), &log{}, Options{Names: []string{"example.test"}, Dir: filepath.Join(file, "x")})
	if err := m.Open(); err == nil || !strings.Contains(err.Error(), "--acme-dir") {
		t.Errorf("got %v", err)
	}
	err := explainDir("/d", &fs.PathError{Op: "mkdir", Path: "/d", Err: fs.ErrPermission})
	if !strings.Contains(err.Error(), "cannot be kept in /d by the user with the id ") {
		t.Errorf("got %v", err)
	}
}
