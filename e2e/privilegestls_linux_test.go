package e2e

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"highball/e2e/harness"
)

// Root reads a key that the user it becomes cannot read: the start fails, not the
// reload after the next renewal. With a key that the user's group reads it serves.
func TestKeyThatTheUserCannotRead(t *testing.T) {
	a := newPerson(t)
	dir, binary := public(t)
	s := newSite(t)
	for _, path := range []string{s.cert, s.key} { // out of t.TempDir, which is root's alone
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+path[strings.LastIndexByte(path, '.')+1:], text, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	cert, key := dir+"/pem", dir+"/key"
	if err := os.Chmod(cert, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--user", a.name, "--workers", "1", "--control", "off", "--bind", "https://127.0.0.1:0", "--certfile", cert, "--keyfile", key}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"run", "wsgi.py", "--chdir", dir, "--python", publicPython(t)}, args...)...)
	cmd.Env = harness.CleanEnviron()
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Fatalf("it starts: %s", out)
	}
	has(t, "a key of root's", string(out), key, "permission denied", "as the user that it runs as")
	if strings.Contains(string(out), "listening") {
		t.Errorf("it served: %s", out)
	}
	if err := os.Chown(key, 0, a.gid); err != nil {
		t.Fatal(err)
	}
	s.Server = harness.Start(t, harness.Options{App: "wsgi.py", Dir: dir, Binary: binary, Python: publicPython(t), Owner: a.uid, Args: args})
	s.DialTLS(t, s.trusting("a.test")).Send(harness.Request("GET", "/")).Response("GET").WantStatus(t, 200)
}
