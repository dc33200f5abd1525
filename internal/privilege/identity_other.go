//go:build !linux

package privilege

import (
	"fmt"
	"os"
	"syscall"
)

// By root these set the saved id as well.

func setGID(gid int) error { return syscall.Setgid(gid) }

func setUID(uid int) error { return syscall.Setuid(uid) }

func (id Identity) checkIDs() error {
	if os.Getuid() != id.UID || os.Geteuid() != id.UID || os.Getgid() != id.GID || os.Getegid() != id.GID {
		return fmt.Errorf("the process is %d:%d, not %d:%d", os.Geteuid(), os.Getegid(), id.UID, id.GID)
	}
	return nil
}
