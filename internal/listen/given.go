package listen

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	descriptorPrefix = "fd://"
	systemdPrefix    = "systemd:"

	// firstDescriptor is SD_LISTEN_FDS_START of sd_listen_fds(3).
	firstDescriptor = 3

	// maxDescriptors bounds LISTEN_FDS against a slip: no unit has as many sockets.
	maxDescriptors = 1024
)

// AllOfSystemd is the address of all sockets that systemd has given.
const AllOfSystemd = systemdPrefix

// parseDescriptor takes what follows "fd:".
func parseDescriptor(s, number string) (Address, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(number, "//"), 10, 31)
	if err != nil {
		return Address{}, fmt.Errorf("%q: want the number of an inherited descriptor, as in fd://3", s)
	}
	return Address{Given: descriptorPrefix + strconv.FormatUint(n, 10)}, nil
}

// parseSystemd takes a name of FileDescriptorName=, which has no colon; none is all.
func parseSystemd(s, name string) (Address, error) {
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == ':' || r == '/' || r == '?' }) {
		return Address{}, fmt.Errorf("%q: want a name as FileDescriptorName= of the socket unit has it, as in systemd:web", s)
	}
	return Address{Given: systemdPrefix + name}, nil
}

// Descriptor is the number of a socket that is named by it, false for another address.
func (a Address) Descriptor() (fd int, ok bool) {
	number, ok := strings.CutPrefix(a.Given, descriptorPrefix)
	if !ok {
		return 0, false
	}
	fd, err := strconv.Atoi(number)
	return fd, err == nil
}

// OfSystemd says whether the address names sockets of systemd.
func (a Address) OfSystemd() bool { return strings.HasPrefix(a.Given, systemdPrefix) }

// includes says whether a socket of this name is one of those that the address means.
func (a Address) includes(name string) bool {
	return name == a.Given || a.Given == AllOfSystemd && strings.HasPrefix(name, systemdPrefix)
}

// FromDescriptor takes the descriptor fd, if it is a listening socket: what else has
// that number may be this process's own. It is not passed on to other processes from now on; in the place of one of the
// standard streams, which would be, is /dev/null.
func FromDescriptor(fd int) (Given, error) {
	name := descriptorPrefix + strconv.Itoa(fd)
	if err := checkListens(fd); err != nil {
		return Given{}, fmt.Errorf("%s: %w", name, err)
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, firstDescriptor)
	if err != nil {
		return Given{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := forget(fd); err != nil {
		_ = unix.Close(own)
		return Given{}, fmt.Errorf("%s: %w", name, err)
	}
	return Given{Name: name, File: os.NewFile(uintptr(own), name), Idle: true}, nil
}

// checkListens: of a descriptor that is no socket the system says so.
func checkListens(fd int) error {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	switch {
	case errors.Is(err, unix.EBADF):
		return errors.New("this process was given no such descriptor")
	case err != nil || listens == 0:
		return errors.New("this descriptor is no listening socket of TCP or Unix streams")
	}
	return nil
}

func forget(fd int) error {
	if fd >= firstDescriptor {
		return unix.Close(fd)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	return unix.Dup2(int(null.Fd()), fd)
}

// FromSystemd takes the descriptors that systemd has given this process, or another
// that starts services as sd_listen_fds(3) says, but for those with these numbers.
// They are called "systemd:NAME".
func FromSystemd(getenv func(string) string, but ...int) ([]Given, error) {
	if getenv("LISTEN_FDS") == "" || getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 0 || n > maxDescriptors {
		return nil, fmt.Errorf("LISTEN_FDS=%s: want the number of sockets, which systemd sets", getenv("LISTEN_FDS"))
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	var given []Given
	for i := range n {
		fd := firstDescriptor + i
		if slices.Contains(but, fd) {
			continue
		}
		name := "unknown" // as sd_listen_fds_with_names(3) has it
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		if err := checkListens(fd); err != nil {
			return given, fmt.Errorf("LISTEN_FDS=%d: descriptor %d: %w", n, fd, err)
		}
		unix.CloseOnExec(fd)
		given = append(given, Given{Name: systemdPrefix + name, File: os.NewFile(uintptr(fd), systemdPrefix+name), Idle: true})
	}
	return given, nil
}
