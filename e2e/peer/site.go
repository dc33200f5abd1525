package peer

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// Program is one that reads the file of a site, such as those of deploy/.
type Program struct {
	Name   string
	around string   // its own configuration, in which SITE, DIR and LISTEN stand for what differs
	check  []string // what has it look at its configuration
	serve  []string
}

// Programs are those that stand in front, by their directories in deploy/.
func Programs() map[string]Program {
	return map[string]Program{
		"nginx": {
			Name: "nginx",
			around: "USER daemon off; worker_processes 1; pid DIR/pid; error_log DIR/log; events {}\n" +
				"http { access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; " +
				"uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;\ninclude SITE;\n}\n",
			check: []string{"-t", "-q", "-p", "DIR", "-e", "DIR/log", "-c", "DIR/config"},
			serve: []string{"-p", "DIR", "-e", "DIR/log", "-c", "DIR/config"},
		},
		"apache": {
			Name: "apache2",
			around: "ServerRoot DIR\nPidFile DIR/pid\nErrorLog DIR/log\nServerName localhost\nUser www-data\nGroup www-data\n" +
				apacheModules("mpm_event", "authz_core", "alias", "reqtimeout", "socache_shmcb", "ssl", "http2", "headers", "proxy", "proxy_http", "proxy_uwsgi") +
				"LISTEN\nInclude SITE\n",
			check: []string{"-t", "-f", "DIR/config"},
			serve: []string{"-f", "DIR/config", "-DFOREGROUND"},
		},
		"haproxy": {
			Name:  "haproxy",
			check: []string{"-c", "-q", "-f", "SITE"},
			serve: []string{"-db", "-f", "SITE"},
		},
	}
}

func apacheModules(names ...string) string {
	lines := ""
	for _, name := range names {
		lines += "LoadModule " + name + "_module /usr/lib/apache2/modules/mod_" + name + ".so\n"
	}
	return lines
}

// files puts the site's text and what is around it into dir, and returns the words by
// which the arguments are completed.
func (p Program) files(t testing.TB, dir, site string, addresses []string) *strings.Replacer {
	t.Helper()
	user := ""
	if os.Geteuid() == 0 {
		user = "user www-data;"
	}
	words := strings.NewReplacer("DIR", dir, "SITE", filepath.Join(dir, "site"), "USER", user, "LISTEN", "Listen "+strings.Join(addresses, "\nListen "))
	for name, text := range map[string]string{"site": site, "config": words.Replace(p.around)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const params = "/etc/nginx/uwsgi_params" // beside the configuration, where a site looks for it
	_ = os.Symlink(params, filepath.Join(dir, filepath.Base(params)))
	return words
}

// Check has the program look at a site, and fails the test unless it finds no fault at all.
func (p Program) Check(t testing.TB, dir, site string, addresses ...string) {
	t.Helper()
	out, err := p.command(t, dir, site, addresses, p.check).CombinedOutput()
	if text := strings.TrimSpace(string(out)); err != nil || text != "" && text != "Syntax OK" {
		t.Errorf("%s finds fault with it: %v\n%s", p.Name, err, out)
	}
}

func (p Program) command(t testing.TB, dir, site string, addresses, args []string) *exec.Cmd {
	t.Helper()
	path, words := Find(t, p.Name), p.files(t, dir, site, addresses)
	var completed []string
	for _, arg := range args {
		completed = append(completed, words.Replace(arg))
	}
	return exec.Command(path, completed...)
}

// Serve runs the program with a site until the test ends, and returns when it listens on
// the addresses.
func (p Program) Serve(t testing.TB, dir, site string, addresses ...string) {
	t.Helper()
	serve(t, p.Name, p.command(t, dir, site, addresses, p.serve), dir, addresses...)
}

// serve runs cmd until the test ends, and returns when it listens on the addresses. What
// it has said, and its log in dir, are told if the test fails.
func serve(t testing.TB, name string, cmd *exec.Cmd, dir string, addresses ...string) {
	t.Helper()
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("%s said:\n%s%.8000s", name, out.String(), log)
		}
	})
	for _, address := range addresses {
		harness.Eventually(t, name+" listens on "+address, func() bool {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			select {
			case <-ended:
				t.Fatalf("%s has ended", name)
			default:
			}
			return err == nil
		})
	}
}

// FreeAddress is an address of 127.0.0.1 on which nobody listens.
func FreeAddress(t testing.TB) string { return freeAddress(t) }
