package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// Where certificates are kept is made for the user that the server becomes, who goes on
// with what is there after an upgrade.
func TestCertificatesOfAUser(t *testing.T) {
	a := newPerson(t)
	dir, binary := public(t)
	kept := filepath.Join(dir, "state", "acme")
	s := harness.Start(t, harness.Options{
		App: "wsgi.py", Dir: dir, Binary: binary, Python: publicPython(t), Upgraded: true, Owner: a.uid,
		Args: []string{
			"--user", a.name, "--umask", "027", "--workers", "1", "--control", "off",
			"--local-https", "--acme-dir", kept, "--bind", "https://127.0.0.1:0",
		},
		// Without the programs of the machine's stores, which are none of the test's.
		Env: []string{"HOME=/root", "PATH=/nowhere"},
	})
	root := filepath.Join(kept, "local", "root.pem")
	first, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{kept: 0o700, filepath.Dir(kept): 0o755} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	wantOwner(t, kept, a)
	wantOwner(t, root, a)
	old := s
	s = s.Upgrade(t)
	if err := old.Exit(); err != nil {
		t.Error(err)
	}
	s.Get(t, "/").WantStatus(t, 200)
	if now, err := os.ReadFile(root); err != nil || string(now) != string(first) {
		t.Errorf("another authority after the upgrade: %v", err)
	}
}

// What the user may not enter is named, and not Python, which he may start.
func TestUserCannotEnterTheProject(t *testing.T) {
	a := newPerson(t)
	dir, binary := public(t)
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "wsgi.py", "--chdir", closed, "--python", publicPython(t),
		"--user", a.name, "--control", "off", "--bind", "127.0.0.1:0")
	cmd.Env = harness.CleanEnviron()
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), closed+": the user that the server runs as") {
		t.Errorf("%v\n%s", err, out)
	}
}
