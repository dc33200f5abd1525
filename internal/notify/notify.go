// Package notify tells the service manager how the service is, as sd_notify(3) does.
package notify

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
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

// MainPID is the assignment by which another process becomes the service's main one.
func MainPID(pid int) string { return "MAINPID=" + strconv.Itoa(pid) }
