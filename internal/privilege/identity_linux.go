package privilege

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Package syscall has these calls made by every thread of the process.

func setGID(gid int) error { return syscall.Setresgid(gid, gid, gid) }

func setUID(uid int) error { return syscall.Setresuid(uid, uid, uid) }

// checkIDs looks at each thread: the kernel knows users of threads, not of processes.
func (id Identity) checkIDs() error {
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(threads) == 0 {
		return errors.New("/proc is not there to see that")
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return err
		}
		if err := id.checkThread(string(text)); err != nil {
			return err
		}
	}
	return nil
}

// checkThread reads proc_pid_status(5): real, effective, saved and file system ids, and
// the capabilities, which an id other than 0 has none of after the change.
func (id Identity) checkThread(status string) error {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		var want string
		switch name {
		case "Uid":
			want = fmt.Sprint(id.UID)
		case "Gid":
			want = fmt.Sprint(id.GID)
		case "CapPrm", "CapEff", "CapAmb":
			if id.UID == 0 {
				continue
			}
			want = strings.Repeat("0", 16)
		default:
			continue
		}
		for _, field := range fields {
			if field != want {
				return fmt.Errorf("%s is %s, not %s", name, strings.Join(fields, " "), want)
			}
		}
	}
	return nil
}
