package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const (
	suffix  = ".sock"
	dirMode = 0o700
)

// RuntimeDir is where the user's servers have their sockets:
// $XDG_RUNTIME_DIR/highball, else /run/highball for root, else highball-UID in
// $TMPDIR or /tmp. It need not exist.
func RuntimeDir(getenv func(string) string) string {
	return runtimeDir(getenv, os.Geteuid())
}

func runtimeDir(getenv func(string) string, uid int) string {
	// "su" keeps the variable of the user before, "MUST be owned by the user"
	// (XDG Base Directory Specification); and "All paths … must be absolute".
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) && ownedBy(dir, uid) {
		return filepath.Join(dir, "highball")
	}
	if uid == 0 {
		if _, err := os.Stat("/run"); err != nil {
			return "/var/run/highball" // macOS
		}
		return "/run/highball"
	}
	tmp := getenv("TMPDIR")
	if !filepath.IsAbs(tmp) {
		tmp = "/tmp"
	}
	return filepath.Join(tmp, "highball-"+strconv.Itoa(uid))
}

func ownedBy(dir string, uid int) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && owner(info) == uid
}

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// DefaultPath is where the socket of this process belongs. It makes the runtime
// directory, and fails if that is not safe from other users.
func DefaultPath(getenv func(string) string) (string, error) {
	return DefaultPathOf(getenv, os.Geteuid(), os.Getegid())
}

// DefaultPathOf is where the socket of this process belongs once it has become
// another user.
func DefaultPathOf(getenv func(string) string, uid, gid int) (string, error) {
	dir := runtimeDir(getenv, uid)
	err := os.Mkdir(dir, dirMode)
	if err == nil && uid != os.Geteuid() {
		err = os.Lchown(dir, uid, gid)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("no directory for the control socket: %w: choose a path with --control", err)
	}
	if err := checkDir(dir, uid); err != nil {
		return "", err
	}
	return filepath.Join(dir, strconv.Itoa(os.Getpid())+suffix), nil
}

// checkDir refuses a directory in which others could put a socket of theirs.
func checkDir(dir string, uid int) error {
	info, err := os.Lstat(dir) // a link could be turned elsewhere by its owner
	if err != nil {
		return fmt.Errorf("runtime directory: %w", err)
	}
	refuse := func(problem string) error {
		return fmt.Errorf("runtime directory %s %s: remove it, or choose a socket with --control", dir, problem)
	}
	switch {
	case !info.IsDir():
		return refuse("is not a directory")
	case owner(info) != uid:
		return refuse(fmt.Sprintf("belongs to another user (uid %d, not %d)", owner(info), uid))
	case info.Mode().Perm()&0o022 != 0:
		return refuse(fmt.Sprintf("may be written to by others (mode %04o, want %04o)", info.Mode().Perm(), dirMode))
	}
	return nil
}

// Find returns the socket of the user's only running server. It removes the
// sockets of servers that are gone. Where there is none, or more than one, the
// error says what there is.
func Find(ctx context.Context, getenv func(string) string) (string, error) {
	dir := RuntimeDir(getenv)
	live, err := liveSockets(ctx, dir)
	switch {
	case err != nil:
		return "", err
	case len(live) == 0:
		return "", fmt.Errorf("no running server was found: looked for %s: is one running, and as this user (uid %d)? "+
			"name the socket of another with --control", filepath.Join(dir, "PID"+suffix), os.Geteuid())
	case len(live) > 1:
		return "", several(ctx, live)
	}
	return live[0], nil
}

// liveSockets gives the sockets in dir that somebody listens on.
func liveSockets(ctx context.Context, dir string) (live []string, err error) {
	err = checkDir(dir, os.Geteuid())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("runtime directory: %w", err)
	}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), suffix)
		if !ok || entry.Type() != fs.ModeSocket {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		err := probe(ctx, path)
		switch {
		case !isDead(err):
			live = append(live, path) // in doubt as well: using it says what is wrong
		case isGone(name):
			_ = os.Remove(path) // if it fails, the next time
		}
	}
	return live, ctx.Err()
}

// isGone says whether there is no process with this id. A socket that nobody
// listens on may be one whose server is about to: between bind(2) and listen(2).
func isGone(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return false
	}
	return errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}

// several is the error that lists the servers to choose from.
func several(ctx context.Context, paths []string) error {
	lines := make([]string, len(paths))
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() {
			client := Dial(path)
			client.answerTime = introductionTime
			lines[i] = introduction(path, client, ctx)
		})
	}
	wg.Wait()
	return fmt.Errorf("%d servers are running: name the socket of one with --control\n%s", len(paths), strings.Join(lines, "\n"))
}

func introduction(path string, client *Client, ctx context.Context) string {
	status, err := client.Status(ctx)
	if err != nil {
		return fmt.Sprintf("  %s  (%v)", path, err)
	}
	return fmt.Sprintf("  %s  pid %d, %s on %s", path, status.PID, status.Application, strings.Join(status.Addresses, " "))
}
