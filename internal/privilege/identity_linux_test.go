package privilege

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("this machine has no user nobody")
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	for _, test := range []struct {
		user, group string
		uid, gid    int
	}{
		{"nobody", "", uid, gid},
		{nobody.Uid, "", uid, gid},
		{"nobody", "4711", uid, 4711},
		{"4712", "4711", 4712, 4711},
		{"", "4711", os.Geteuid(), 4711},
	} {
		id, err := Find(test.user, test.group)
		if err != nil || id.UID != test.uid || id.GID != test.gid || !slices.Contains(id.Groups, test.gid) {
			t.Errorf("%q:%q: %+v, %v", test.user, test.group, id, err)
		}
	}
}

func TestFindErrors(t *testing.T) {
	for _, test := range []struct{ user, group, want string }{
		{"no-such-user-here", "", "no user"},
		{"", "no-such-group-here", "no group"},
		{"4712", "", "give --group"},
		{"-1", "", "no user"},
		{"99999999999", "", "no user"},
	} {
		if id, err := Find(test.user, test.group); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:%q: %+v, %v; want %q", test.user, test.group, id, err, test.want)
		}
	}
}

// child runs this test once more, in a process that may be changed.
func child(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may become another user")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "HIGHBALL_TEST_CHILD=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

func isChild() bool { return os.Getenv("HIGHBALL_TEST_CHILD") != "" }

func TestBecome(t *testing.T) {
	if !isChild() {
		child(t)
		return
	}
	id := Identity{UID: 4712, GID: 4711, Groups: []int{4711, 4713}}
	if id.IsOurs() {
		t.Fatal("root is taken for another user")
	}
	if err := id.Become(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for _, want := range []string{"Uid:\t4712\t4712\t4712\t4712", "Gid:\t4711\t4711\t4711\t4711", "Groups:\t4711 4713", "CapEff:\t0000000000000000"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if err := id.Become(); err != nil {
		t.Errorf("once more, to be the same: %v", err)
	}
	err = Identity{UID: 1, GID: 1, Groups: []int{1}}.Become()
	if err == nil || !strings.Contains(err.Error(), "only root") {
		t.Errorf("to be another: %v", err)
	}
}

// What is checked is what the process is.
func TestCheckThread(t *testing.T) {
	id := Identity{UID: 7, GID: 8}
	const none = "0000000000000000"
	status := func(uid, gid, effective, ambient string) string {
		return fmt.Sprintf("Name:\thighball\nUid:\t%s\nGid:\t%s\nCapInh:\t%s\nCapEff:\t%s\nCapAmb:\t%s\n", uid, gid, none, effective, ambient)
	}
	for _, test := range []struct {
		status string
		well   bool
	}{
		{status("7\t7\t7\t7", "8\t8\t8\t8", none, none), true},
		{status("7\t7\t0\t7", "8\t8\t8\t8", none, none), false},
		{status("0\t7\t7\t7", "8\t8\t8\t8", none, none), false},
		{status("7\t7\t7\t7", "8\t8\t0\t8", none, none), false},
		{status("7\t7\t7\t7", "8\t8\t8\t8", "0000000000000400", none), false},
		{status("7\t7\t7\t7", "8\t8\t8\t8", none, "0000000000000400"), false},
	} {
		if err := id.checkThread(test.status); (err == nil) != test.well {
			t.Errorf("%v of\n%s", err, test.status)
		}
	}
}

func TestCheckFindsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can stay root")
	}
	groups, _ := os.Getgroups()
	if err := (Identity{UID: 1, GID: 1, Groups: groups}).check(); err == nil {
		t.Error("root is taken for another user")
	}
}
