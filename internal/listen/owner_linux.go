package listen

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// socketRef is a socket's file itself, whatever its name leads to by now: who may
// write to the directory could put a link to another file in its place.
type socketRef struct{ fd int }

func onSocket(path string, do func(socketRef) error) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return errNotSocket
	}
	return do(socketRef{fd})
}

func (r socketRef) chmod(mode os.FileMode) error {
	return os.Chmod("/proc/self/fd/"+strconv.Itoa(r.fd), mode) // fchmod(2) wants more than O_PATH
}

func (r socketRef) chown(uid, gid int) error {
	return unix.Fchownat(r.fd, "", uid, gid, unix.AT_EMPTY_PATH)
}

// MaxBacklog is how many connections the system lets wait on a socket; 0 if it does
// not say.
func MaxBacklog() int {
	text, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err != nil || len(text) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(string(text[:len(text)-1]))
	return n
}
