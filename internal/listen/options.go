package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"strings"
)

// Options say how a socket is opened. The zero value has the system's defaults.
type Options struct {
	Backlog   int  // connections that may wait to be accepted; 0: as many as the system allows
	ReusePort bool // other sockets may be bound to the same TCP port (SO_REUSEPORT)
	IPv6Only  bool // a socket for all addresses takes none of IPv4

	// Of the file of a Unix socket. A mode of 0 is what the umask leaves, an empty
	// owner or group that of the process.
	Mode         fs.FileMode
	Owner, Group string // names or numbers
}

// maxBacklog is what fits into the system's 32 bits with a sign.
const maxBacklog = 1<<31 - 1

const optionNames = "mode, owner, group, backlog, reuseport or ipv6only"

// parseOptions reads "mode=660&owner=www-data&reuseport".
func parseOptions(s string) (o Options, err error) {
	seen := map[string]bool{}
	for _, option := range strings.Split(s, "&") {
		name, value, hasValue := strings.Cut(option, "=")
		if seen[name] {
			return o, fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		if isSwitch := name == "reuseport" || name == "ipv6only"; isSwitch && hasValue {
			return o, fmt.Errorf("%s takes no value: write %q", option, name)
		} else if !isSwitch && name != "" && value == "" {
			return o, fmt.Errorf("option %q has no value: want %s", option, optionNames)
		}
		if err := o.set(name, value); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *Options) set(name, value string) error {
	switch name {
	case "mode":
		mode, err := strconv.ParseUint(value, 8, 32)
		if err != nil || mode == 0 || mode > 0o777 {
			return fmt.Errorf("mode %q is not octal: want one from 001 to 777, as in mode=660", value)
		}
		o.Mode = fs.FileMode(mode)
	case "backlog":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxBacklog {
			return fmt.Errorf("backlog %q is not a number of connections, 1 or more", value)
		}
		o.Backlog = n
	case "owner", "group":
		if n, err := strconv.Atoi(value); err == nil && n < 0 {
			return fmt.Errorf("%s %q: want a name or a number", name, value)
		}
		if name == "owner" {
			o.Owner = value
		} else {
			o.Group = value
		}
	case "reuseport":
		o.ReusePort = true
	case "ipv6only":
		o.IPv6Only = true
	default:
		return fmt.Errorf("%q is no option: want %s", name, optionNames)
	}
	return nil
}

// String returns o in the form that parseOptions reads.
func (o Options) String() string {
	var parts []string
	if o.Mode != 0 {
		parts = append(parts, fmt.Sprintf("mode=%o", o.Mode))
	}
	if o.Owner != "" {
		parts = append(parts, "owner="+o.Owner)
	}
	if o.Group != "" {
		parts = append(parts, "group="+o.Group)
	}
	if o.Backlog != 0 {
		parts = append(parts, "backlog="+strconv.Itoa(o.Backlog))
	}
	if o.ReusePort {
		parts = append(parts, "reuseport")
	}
	if o.IPv6Only {
		parts = append(parts, "ipv6only")
	}
	return strings.Join(parts, "&")
}

// check says which option means nothing for a.
func (o Options) check(a Address) error {
	hasFile := o.Mode != 0 || o.Owner != "" || o.Group != ""
	switch {
	case a.Given != "" && (hasFile || o.ReusePort || o.IPv6Only):
		return errors.New("whoever opened the socket has decided that: only backlog can be set here")
	case hasFile && a.Path == "":
		return errors.New("mode, owner and group are of the file of a Unix socket, and there is none")
	case (o.ReusePort || o.IPv6Only) && !a.isTCP():
		return errors.New("reuseport and ipv6only are of TCP sockets")
	case o.IPv6Only && !strings.Contains(a.Host, ":"):
		return fmt.Errorf("ipv6only is of an IPv6 address: did you mean [::]:%d?ipv6only", a.Port)
	}
	return nil
}

// ids are the numbers of owner and group; -1 is not to be changed.
func (o Options) ids() (uid, gid int, err error) {
	uid, gid = -1, -1
	if o.Owner != "" {
		if uid, err = strconv.Atoi(o.Owner); err != nil {
			u, err := user.Lookup(o.Owner)
			if err != nil {
				return -1, -1, fmt.Errorf("owner %q: there is no such user", o.Owner)
			}
			uid, _ = strconv.Atoi(u.Uid)
		}
	}
	if o.Group != "" {
		if gid, err = strconv.Atoi(o.Group); err != nil {
			g, err := user.LookupGroup(o.Group)
			if err != nil {
				return -1, -1, fmt.Errorf("group %q: there is no such group", o.Group)
			}
			gid, _ = strconv.Atoi(g.Gid)
		}
	}
	return uid, gid, nil
}
