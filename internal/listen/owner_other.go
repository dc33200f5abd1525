//go:build !linux

package listen

import (
	"os"

	"golang.org/x/sys/unix"
)

// socketRef is a socket's file by its name; links are not followed.
type socketRef struct{ path string }

func onSocket(path string, do func(socketRef) error) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errNotSocket
	}
	return do(socketRef{path})
}

func (r socketRef) chmod(mode os.FileMode) error {
	return unix.Fchmodat(unix.AT_FDCWD, r.path, uint32(mode), unix.AT_SYMLINK_NOFOLLOW)
}

func (r socketRef) chown(uid, gid int) error { return os.Lchown(r.path, uid, gid) }

// MaxBacklog is how many connections the system lets wait on a socket; 0 if it does
// not say.
func MaxBacklog() int { return 0 }
