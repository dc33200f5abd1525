// Package notify tells the service manager how the service is, as sd_notify(3) does.
package notify

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// sendTime bounds a Send: a manager that does not read must not hold the server up.
const sendTime = 5 * time.Second

// Manager is the service manager's socket, as NOTIFY_SOCKET names it: a path, or
// an abstract name that begins with "@". "" is no manager, who is told nothing.
type Manager string

// Send tells the manager assignments such as "READY=1", all in one message.
func (m Manager) Send(assignments ...string) error {
	if m == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: string(m), Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(sendTime))
	if _, err := c.Write([]byte(strings.Join(assignments, "\n"))); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return nil
}

// What a service may say of itself, see sd_notify(3).
const (
	Ready    = "READY=1"    // it serves, or does again after a reload
	Stopping = "STOPPING=1" // it is about to end
	Alive    = "WATCHDOG=1" // it is well, see Watchdog
)

// Reloading is what a service says when it begins to reload: with the time, so that
// the manager can tell which of its orders that answers.
func Reloading() []string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return []string{"RELOADING=1"}
	}
	return []string{"RELOADING=1", "MONOTONIC_USEC=" + strconv.FormatInt(now.Nano()/1000, 10)}
}

// Status is a line for people, "STATUS=…".
func Status(line string) string {
	return "STATUS=" + strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
}

// MoreTime asks the manager to wait for d from now for what the service is at.
func MoreTime(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// Watchdog is how often at least the manager wants to hear Alive of this process; 0
// if it does not, or of another.
func Watchdog(getenv func(string) string) time.Duration {
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 || micros > int64(maxWatchdog/time.Microsecond) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond
}

// maxWatchdog is more than anybody means; systemd writes 2^64-1 for no limit.
const maxWatchdog = 365 * 24 * time.Hour

// MainPID is the assignment by which another process becomes the service's main one.
func MainPID(pid int) string { return "MAINPID=" + strconv.Itoa(pid) }
