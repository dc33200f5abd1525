package localca

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// trustTime bounds all programs that are run for it.
const trustTime = time.Minute

// nickname is what the authority is called in stores that give names.
const nickname = "Highball local authority"

// trust knows the stores of this machine.
type trust struct {
	root, home string
	text       []byte
	isRoot     bool
	children   Children
	system     []systemStore
}

// store is one list of trusted authorities.
type store struct {
	name string
	add  func(context.Context) error
}

// systemStore is a directory of certificates and the program that reads it.
type systemStore struct {
	dir     string
	program []string
}

func newTrust(s *Source) *trust {
	text, _ := os.ReadFile(s.Root())
	return &trust{root: s.Root(), home: s.options.Home, text: text, isRoot: os.Geteuid() == 0, children: s.options.Children, system: []systemStore{
		{"/usr/local/share/ca-certificates", []string{"update-ca-certificates"}},           // Debian
		{"/etc/pki/ca-trust/source/anchors", []string{"update-ca-trust", "extract"}},       // Red Hat
		{"/etc/ca-certificates/trust-source/anchors", []string{"trust", "extract-compat"}}, // Arch
		{"/usr/share/pki/trust/anchors", []string{"update-ca-certificates"}},               // SUSE
	}}
}

// stores are those that this process may change.
func (t *trust) stores() (all []store) {
	if t.isRoot && runtime.GOOS == "darwin" {
		all = append(all, store{"system", t.addKeychain})
	}
	for _, s := range t.system {
		if _, err := exec.LookPath(s.program[0]); t.isRoot && err == nil && isDir(s.dir) {
			all = append(all, store{"system", func(ctx context.Context) error { return t.addSystem(ctx, s) }})
			break
		}
	}
	if _, err := exec.LookPath("certutil"); err == nil && t.ownsHome() {
		for _, db := range t.databases() {
			all = append(all, store{db, func(ctx context.Context) error { return t.addNSS(ctx, db) }})
		}
	}
	return all
}

func (t *trust) addSystem(ctx context.Context, s systemStore) error {
	file := filepath.Join(s.dir, "highball-local.crt")
	if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, t.text) {
		return nil
	}
	if err := os.WriteFile(file, t.text, 0o644); err != nil {
		return err
	}
	_, err := t.run(ctx, s.program...)
	return err
}

// addKeychain is for root alone: anybody else is asked for a password.
func (t *trust) addKeychain(ctx context.Context) error {
	_, err := t.run(ctx, "security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", "/Library/Keychains/System.keychain", t.root)
	return err
}

// ownsHome is false below sudo, where files made in it would be root's.
func (t *trust) ownsHome() bool {
	info, err := os.Stat(t.home)
	if err != nil || t.home == "" {
		return false
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Geteuid()
}

// databases are those of Chromium, which is made if need be, and of Firefox's profiles.
func (t *trust) databases() []string {
	all := []string{filepath.Join(t.home, ".pki", "nssdb")}
	for _, pattern := range []string{
		".mozilla/firefox/*", "snap/firefox/common/.mozilla/firefox/*", "snap/chromium/current/.pki/nssdb",
		"Library/Application Support/Firefox/Profiles/*",
	} {
		found, _ := filepath.Glob(filepath.Join(t.home, pattern, "cert9.db"))
		for _, file := range found {
			all = append(all, filepath.Dir(file))
		}
	}
	return all
}

func (t *trust) addNSS(ctx context.Context, dir string) error {
	db := "sql:" + dir
	if _, err := os.Stat(filepath.Join(dir, "cert9.db")); err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if _, err := t.run(ctx, "certutil", "-N", "-d", db, "--empty-password"); err != nil {
			return err
		}
	}
	if have, err := t.run(ctx, "certutil", "-L", "-d", db, "-n", nickname, "-a"); err == nil {
		if sameText(have, t.text) {
			return nil
		}
		if _, err := t.run(ctx, "certutil", "-D", "-d", db, "-n", nickname); err != nil {
			return err
		}
	}
	_, err := t.run(ctx, "certutil", "-A", "-d", db, "-t", "C,,", "-n", nickname, "-i", t.root)
	return err
}

// sameText compares PEM without regard to the ends of lines.
func sameText(a, b []byte) bool {
	return bytes.Equal(bytes.Join(bytes.Fields(a), nil), bytes.Join(bytes.Fields(b), nil))
}

// advice is how to trust the file by hand.
func (t *trust) advice() string {
	if runtime.GOOS == "darwin" {
		return "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain " + t.root
	}
	for _, s := range t.system {
		if isDir(s.dir) {
			return fmt.Sprintf("sudo cp %s %s/highball-local.crt && sudo %s, and for browsers install certutil (libnss3-tools, nss-tools) and start again",
				t.root, s.dir, strings.Join(s.program, " "))
		}
	}
	return "add it to what your browser or client trusts"
}

// run runs a program that nobody can be asked by: it has no input and no terminal.
func (t *trust) run(ctx context.Context, command ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	if err := t.wait(cmd); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, errors.New(command[0] + ": " + text)
		}
		return nil, fmt.Errorf("%s: %w", command[0], err)
	}
	return stdout.Bytes(), nil
}

func (t *trust) wait(cmd *exec.Cmd) error {
	if t.children == nil {
		return cmd.Run()
	}
	err := t.children.Start(func() (int, error) {
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		return cmd.Process.Pid, nil
	})
	if err != nil {
		return err
	}
	defer t.children.Ended(cmd.Process.Pid)
	return cmd.Wait()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
