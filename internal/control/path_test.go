package control

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestRuntimeDir(t *testing.T) {
	mine, uid := shortDir(t), os.Geteuid()
	tests := []struct {
		name string
		env  func(string) string
		uid  int
		want string
	}{
		{"XDG", environment("XDG_RUNTIME_DIR", mine, "TMPDIR", "/var/tmp"), uid, mine + "/highball"},
		{"XDG of another user", environment("XDG_RUNTIME_DIR", mine), uid + 1, "/tmp/highball-" + strconv.Itoa(uid+1)},
		{"XDG that is missing", environment("XDG_RUNTIME_DIR", mine+"/none"), uid + 1, "/tmp/highball-" + strconv.Itoa(uid+1)},
		{"XDG that is relative", environment("XDG_RUNTIME_DIR", "."), uid + 1, "/tmp/highball-" + strconv.Itoa(uid+1)},
		{"root", environment("TMPDIR", "/var/tmp"), 0, "/run/highball"},
		{"user", environment(), 1000, "/tmp/highball-1000"},
		{"TMPDIR", environment("TMPDIR", "/var/tmp"), 1000, "/var/tmp/highball-1000"},
		{"TMPDIR that is relative", environment("TMPDIR", "tmp"), 1000, "/tmp/highball-1000"},
	}
	for _, tt := range tests {
		got := runtimeDir(tt.env, tt.uid)
		if tt.uid == 0 {
			got = strings.TrimPrefix(got, "/var") // macOS has no /run
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestDefaultPath(t *testing.T) {
	base := shortDir(t)
	env := environment("XDG_RUNTIME_DIR", base)
	for range 2 { // the directory is made, then found
		path, err := DefaultPath(env)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(base, "highball", strconv.Itoa(os.Getpid())+".sock"); path != want {
			t.Errorf("got %s, want %s", path, want)
		}
	}
	info, err := os.Stat(filepath.Join(base, "highball"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v and %v, want mode 0700", info.Mode(), err)
	}
}

func TestUnsafeDirectories(t *testing.T) {
	tests := []struct {
		name string
		make func(dir string) error
		text string
	}{
		{"group may write", func(dir string) error { return mkdir(dir, 0o720) }, "may be written to by others (mode 0720, want 0700)"},
		{"all may write", func(dir string) error { return mkdir(dir, 0o702) }, "may be written to by others"},
		{"link", func(dir string) error { return os.Symlink(os.TempDir(), dir) }, "is not a directory"},
		{"file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, "is not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := shortDir(t)
			dir := filepath.Join(base, "highball")
			if err := tt.make(dir); err != nil {
				t.Fatal(err)
			}
			env := environment("XDG_RUNTIME_DIR", base)
			_, err := DefaultPath(env)
			wantText(t, err, dir, tt.text, "or choose a socket with --control")
			_, err = Find(t.Context(), env)
			wantText(t, err, dir, tt.text)
		})
	}
	dir := shortDir(t)
	wantText(t, checkDir(dir, os.Geteuid()+1), "belongs to another user")
	if err := mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := checkDir(filepath.Join(dir, "d"), os.Geteuid()); err != nil {
		t.Errorf("others may look, not write: %v", err)
	}
}

// mkdir is os.Mkdir without the umask.
func mkdir(dir string, mode os.FileMode) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

func TestNoDirectoryForTheSocket(t *testing.T) {
	base := shortDir(t)
	file := filepath.Join(base, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := DefaultPath(environment("XDG_RUNTIME_DIR", base+"/none", "TMPDIR", file))
	if os.Geteuid() == 0 && err == nil {
		t.Skip("root has /run/highball")
	}
	wantText(t, err, "no directory for the control socket", "choose a path with --control")
}

// servers is a runtime directory and the environment that names it.
func servers(t *testing.T) (dir string, env func(string) string) {
	t.Helper()
	base := shortDir(t)
	dir = filepath.Join(base, "highball")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir, environment("XDG_RUNTIME_DIR", base)
}

// noSuchPID is above what systems allow.
const noSuchPID = "999999999"

func TestFindNone(t *testing.T) {
	dir, env := servers(t)
	_, err := Find(t.Context(), env)
	wantText(t, err, "no running server was found: looked for "+dir+"/PID.sock", "with --control")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	_, err = Find(t.Context(), env)
	wantText(t, err, "no running server was found")
}

func TestFindOne(t *testing.T) {
	dir, env := servers(t)
	dead := filepath.Join(dir, noSuchPID+".sock")
	leaveDead(t, dead)
	begins := filepath.Join(dir, strconv.Itoa(os.Getpid())+".sock") // as between bind and listen
	leaveDead(t, begins)
	stranger := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(dir, "7.sock")
	serveAt(t, live, full())
	got, err := Find(t.Context(), env)
	if err != nil || got != live {
		t.Errorf("got %q and %v, want %s", got, err, live)
	}
	if exists(dead) {
		t.Error("the socket of a dead server is still there")
	}
	if !exists(begins) || !exists(stranger) || !exists(live) {
		t.Error("more than the socket of the dead server was removed")
	}
}

func TestFindSeveral(t *testing.T) {
	dir, env := servers(t)
	serveAt(t, filepath.Join(dir, "7.sock"), full())
	other := full()
	other.status.PID, other.status.Application, other.status.Addresses = 8, "blog:app", []string{"http://[::1]:80/", "unix:/run/blog"}
	serveAt(t, filepath.Join(dir, "8.sock"), other)
	_, err := Find(t.Context(), env)
	wantText(t, err, "2 servers are running: name the socket of one with --control\n",
		"\n  "+dir+"/7.sock  pid 99, shop:app on http://127.0.0.1:8000/\n",
		"\n  "+dir+"/8.sock  pid 8, blog:app on http://[::1]:80/ unix:/run/blog")
}

// One that hangs is listed with the others, and does not hold the list up.
func TestFindOneThatHangs(t *testing.T) {
	dir, env := servers(t)
	serveAt(t, filepath.Join(dir, "7.sock"), full())
	hung(t, filepath.Join(dir, "8.sock"))
	_, err := Find(t.Context(), env)
	wantText(t, err, "2 servers are running", "7.sock  pid 99", "8.sock  (", "does not answer: nothing came for 1s)")
}

// A server that becomes another user has its socket where that user looks for it.
func TestDefaultPathOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a directory for others")
	}
	tmp := t.TempDir()
	getenv := func(name string) string { return map[string]string{"TMPDIR": tmp}[name] }
	path, err := DefaultPathOf(getenv, 4712, 4711)
	if want := filepath.Join(tmp, "highball-4712", strconv.Itoa(os.Getpid())+".sock"); err != nil || path != want {
		t.Fatalf("got %s, %v; want %s", path, err, want)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || owner(info) != 4712 || info.Mode().Perm() != dirMode {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	if again, err := DefaultPathOf(getenv, 4712, 4711); err != nil || again != path {
		t.Errorf("once more: %s, %v", again, err)
	}
}
