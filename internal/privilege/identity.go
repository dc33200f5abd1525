// Package privilege has a process that was started by root go on as another user, and
// keeps capabilities from the processes that it starts.
package privilege

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// Identity is who a process is to be.
type Identity struct {
	UID, GID int
	Groups   []int // the supplementary ones
}

// Find looks a user and a group up, each by name or number; an empty one is the
// user's own group, or the user that the process is. The groups are those that
// /etc/group has the user in, as after a login.
func Find(userName, groupName string) (Identity, error) {
	id := Identity{UID: os.Geteuid(), GID: -1}
	if userName != "" {
		if err := id.findUser(userName); err != nil {
			return id, err
		}
	}
	if groupName != "" {
		gid, err := findGroup(groupName)
		if err != nil {
			return id, err
		}
		id.GID = gid
	}
	if id.GID < 0 {
		return id, fmt.Errorf("user: %s has no entry in /etc/passwd that would name a group: give --group as well", userName)
	}
	if !slices.Contains(id.Groups, id.GID) {
		id.Groups = append(id.Groups, id.GID)
	}
	return id, nil
}

func (id *Identity) findUser(name string) error {
	u, err := user.Lookup(name)
	number, numeric := strconv.ParseUint(name, 10, 31)
	if err != nil && numeric == nil {
		id.UID = int(number)
		if u, err = user.LookupId(name); err != nil {
			return nil // a number needs no entry
		}
	}
	if err != nil {
		return fmt.Errorf("user: there is no user %q on this machine", name)
	}
	if id.UID, err = strconv.Atoi(u.Uid); err != nil {
		return fmt.Errorf("user: %q has the id %q, which is no number", name, u.Uid)
	}
	if id.GID, err = strconv.Atoi(u.Gid); err != nil {
		return fmt.Errorf("user: %q has the group id %q, which is no number", name, u.Gid)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return fmt.Errorf("user: the groups of %s cannot be found: %w", name, err)
	}
	for _, g := range groups {
		if gid, err := strconv.Atoi(g); err == nil {
			id.Groups = append(id.Groups, gid)
		}
	}
	return nil
}

func findGroup(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err == nil {
		return strconv.Atoi(g.Gid)
	}
	if number, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(number), nil
	}
	return 0, fmt.Errorf("group: there is no group %q on this machine", name)
}

// IsOurs says whether the process is that user and group already, and cannot be
// another: an upgrade starts again as the user that the first process became.
func (id Identity) IsOurs() bool {
	return id.UID != 0 && id.UID == os.Getuid() && id.UID == os.Geteuid() &&
		id.GID == os.Getgid() && id.GID == os.Getegid()
}

// Become gives up what the process may do as root, for good. When it fails the process
// is neither the one nor the other, and has to end.
func (id Identity) Become() error {
	ours := id.IsOurs() // but for ids that are saved for later
	groups := func() error {
		if ours {
			return nil
		}
		return syscall.Setgroups(id.Groups)
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"supplementary groups", groups},
		{"group", func() error { return setGID(id.GID) }},
		{"user", func() error { return setUID(id.UID) }},
	} {
		if err := step.do(); err != nil {
			return id.explain(step.what, err)
		}
	}
	if ours {
		return nil
	}
	if err := id.check(); err != nil {
		return fmt.Errorf("user: privileges were not given up, so the server does not start: %w", err)
	}
	return nil
}

func (id Identity) explain(what string, err error) error {
	if errors.Is(err, syscall.EPERM) && os.Geteuid() != 0 {
		return fmt.Errorf("user: only root may become another user (uid %d, this process has uid %d): start as root, or leave --user and --group out",
			id.UID, os.Geteuid())
	}
	return fmt.Errorf("user: the %s of uid %d, gid %d could not be taken on: %w", what, id.UID, id.GID, err)
}

// check looks at what the process is now, instead of believing the calls.
func (id Identity) check() error {
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	if !equalSets(groups, id.Groups) {
		return fmt.Errorf("the supplementary groups are %v, not %v", groups, id.Groups)
	}
	if err := id.checkIDs(); err != nil {
		return err
	}
	if id.UID != 0 && syscall.Setuid(0) == nil {
		return errors.New("the process could become root again")
	}
	return nil
}

func equalSets(a, b []int) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
