//go:build !windows

package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"syscall"

	"highball"
	"highball/internal/acme"
	"highball/internal/control"
	"highball/internal/listen"
	"highball/internal/privilege"
	"highball/internal/settings"
)

// privileges say as whom the server is to go on once its sockets are open.
type privileges struct {
	become *privilege.Identity // nil: as who it was started
	umask  int                 // -1: the one that it was started with
}

func readPrivileges(v settings.Values) (privileges, error) {
	p := privileges{umask: -1}
	if text := v.String("umask"); text != "" {
		n, err := strconv.ParseUint(text, 8, 32)
		if err != nil || n > 0o777 {
			return p, fmt.Errorf("umask: %q is not octal: want one from 000 to 777, as in 027", text)
		}
		p.umask = int(n)
	}
	if v.String("user") == "" && v.String("group") == "" {
		return p, nil
	}
	id, err := privilege.Find(v.String("user"), v.String("group"))
	p.become = &id
	return p, err
}

// begin comes before the first file is made.
func (p privileges) begin() {
	if p.umask >= 0 {
		syscall.Umask(p.umask)
	}
}

// changes says whether the process is to be another user than it is.
func (p privileges) changes() bool { return p.become != nil && !p.become.IsOurs() }

// controlPath is where the control socket of the user is to be that this process
// becomes, "" for nowhere.
func (p privileges) controlPath(setting string, environ []string, logger *slog.Logger) string {
	switch setting {
	case "off":
		return ""
	case "":
		uid, gid := os.Geteuid(), os.Getegid()
		if p.changes() {
			uid, gid = p.become.UID, p.become.GID
		}
		path, err := control.DefaultPathOf(getenv(environ), uid, gid)
		if err != nil {
			logger.Debug("highball ctl will not find this server: " + err.Error())
		}
		return path
	}
	return setting
}

// acmeDir is where certificates are kept that the server gets or makes, "" if there are
// none. Its default is that of root also where the process is another by now: it is
// started with the same settings, as who it became, in an upgrade.
func (p privileges) acmeDir(cfg highball.Config, environ []string) string {
	switch {
	case len(cfg.ACME.Names)+len(cfg.ACME.OnDemand) == 0 && !cfg.LocalHTTPS:
		return ""
	case cfg.ACME.Dir != "" || p.become == nil:
		return cfg.ACME.Dir
	}
	return acme.DefaultDir(getenv(environ), 0)
}

// giveUp makes the process that user. What only its owner can use later has to be the
// user's by then.
func (p privileges) giveUp(as *presence, controlPath, acmeDir string) error {
	if p.become == nil {
		return as.prepare()
	}
	if p.changes() {
		if err := p.handFiles(as, controlPath, acmeDir); err != nil {
			return err
		}
	}
	if err := p.become.Become(); err != nil {
		return err
	}
	as.logs.server.Debug("privileges", "uid", p.become.UID, "gid", p.become.GID, "groups", p.become.Groups)
	return as.prepare()
}

func (p privileges) handFiles(as *presence, controlPath, acmeDir string) error {
	uid, gid := p.become.UID, p.become.GID
	if acmeDir != "" {
		if err := privilege.GiveDir(acmeDir, uid, gid); err != nil {
			return fmt.Errorf("user: acme-dir cannot be made for uid %d: %w: make it his, or choose another with --acme-dir", uid, err)
		}
	}
	if err := as.logs.giveTo(uid, gid); err != nil {
		return err
	}
	if err := as.giveTo(uid, gid); err != nil {
		return err
	}
	if controlPath == "" {
		return nil
	}
	info, err := os.Lstat(controlPath)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return err
	}
	if err := listen.SetOwner(controlPath, uid, gid); err != nil {
		return fmt.Errorf("user: the control socket %s: %w", controlPath, err)
	}
	return nil
}
