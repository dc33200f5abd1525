package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// reopens has the connection open again at the fork: what would be without the server's care.
const reopens = `
def pre_fork(server, worker):
    from django.db import connection
    from shop import wsgi
    connection.ensure_connection()
    wsgi.OPENED = connection.connection
`

func TestDjangoConnectionsAreNotSharedByWorkers(t *testing.T) {
	p := newShop(t)
	writeFile(t, p.dir+"/reopens.py", reopens)
	connects := []string{"SHOP_CONNECTS=1"}
	for _, c := range []struct {
		name, has string
		warnings  int
		args      []string
	}{
		{"preload", "own", 1, []string{"--preload"}},
		{"open at the fork", "shared", 1, []string{"--preload", "--hooks", "reopens"}},
		{"each for itself", "shared", 0, nil}, // a worker's own, which no other has
	} {
		t.Run(c.name, func(t *testing.T) {
			s := p.serve(t, connects, append(c.args, "--threads", "1")...)
			for range 4 {
				s.Get(t, "/database").Want(t, 200, c.has)
			}
			want(t, "warnings", s.Count("they were closed before the workers were forked"), c.warnings)
		})
	}
}

// The line comes when requests are served already, once for each generation of the code.
func TestDjangoDeploymentChecks(t *testing.T) {
	p := newShop(t)
	const line = "Django's deployment checks found"
	shown := p.checkDeploy(t)
	s := p.serve(t, nil, "--workers", "3")
	e := s.WaitText(t, line)
	for _, id := range []string{"security.W004", "security.W008", "security.W009"} {
		if !strings.Contains(shown, id) || !e.Has(id) {
			t.Errorf("%s: the log says %q, manage.py %s", id, e.Message(), shown)
		}
	}
	want(t, "level", e.Text("level"), "WARN")
	_ = s.Signal(syscall.SIGHUP)
	s.WaitText(t, "the new code serves")
	harness.Eventually(t, "the new code is checked", func() bool { return s.Count(line) == 2 })

	p.serve(t, nil, "--app-static", "dev").WaitText(t, line)
	dev := harness.Start(t, harness.Options{Verb: "dev", Dir: p.dir, Python: p.python, App: ".", Args: []string{"--app-static", "off"}})
	p.setting(t, `SILENCED_SYSTEM_CHECKS = ["security.W%03d" % n for n in range(100)]`)
	silent := p.serve(t, nil)
	for quiet, processes := range map[*harness.Server]int{dev: 4, silent: 4} { // front, zygote and workers; of dev one, and an interpreter that waits
		harness.Eventually(t, "the checks have ended", func() bool { return len(quiet.Processes()) == processes })
		quiet.Get(t, "/url").WantStatus(t, 200)
		want(t, "lines", quiet.Count(line), 0)
	}
}

func (s djangoShop) checkDeploy(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.python, "manage.py", "check", "--deploy")
	cmd.Dir, cmd.Env = s.dir, append(harness.CleanEnviron(), "PYTHONDONTWRITEBYTECODE=1")
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// Checks that never end, or die, are nothing to the application, and end with it.
func TestDjangoChecksThatHang(t *testing.T) {
	for _, does := range []string{"import time; time.sleep(600)", "import os; os.abort()", "raise SystemExit"} {
		t.Run(does, func(t *testing.T) {
			p := newShop(t)
			writeFile(t, filepath.Join(p.dir, "catalogue", "apps.py"), "from django.apps import AppConfig\nfrom django.core import checks\n\n"+
				"@checks.register(deploy=True)\ndef hostile(app_configs, **kwargs):\n    "+does+"\n\nclass Catalogue(AppConfig):\n    name = 'catalogue'\n")
			s := p.serve(t, nil)
			s.Get(t, "/url").WantStatus(t, 200)
			_ = s.Signal(syscall.SIGHUP)
			s.WaitText(t, "the new code serves")
			s.Get(t, "/url").WantStatus(t, 200)
		})
	}
}
