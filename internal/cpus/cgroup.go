package cpus

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// A cgroup is one of the groups that this process is in.
type cgroup struct {
	v2    bool
	mount string // where its hierarchy is mounted
	path  string // the group below the mount, "/" for the mount itself
}

// ownCgroups finds the groups with a CPU controller. There may be two: some
// machines mount v1 and v2 side by side.
func ownCgroups(root fs.FS) []cgroup {
	membership := read(root, "/proc/self/cgroup")
	var groups []cgroup
	for line := range strings.Lines(read(root, "/proc/self/mountinfo")) {
		m, ok := parseMount(strings.Fields(line))
		if !ok {
			continue
		}
		if p, ok := memberOf(membership, m.v2); ok {
			groups = append(groups, cgroup{v2: m.v2, mount: m.point, path: below(p, m.root)})
		}
	}
	return groups
}

// memberOf finds the process's group in /proc/self/cgroup, whose lines are
// "id:controllers:path"; that of v2 is "0::path" (cgroups(7)).
func memberOf(membership string, v2 bool) (string, bool) {
	for line := range strings.Lines(membership) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, p, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		if v2 && id == "0" && controllers == "" || !v2 && hasCPU(controllers) {
			return p, true
		}
	}
	return "", false
}

// mount is a line of /proc/self/mountinfo about a cgroup hierarchy.
type mount struct {
	v2          bool
	root, point string // the group that is mounted, and where
}

// parseMount reads the fields that proc_pid_mountinfo(5) calls root (4), mount
// point (5), and after a lone "-" the file system type, source and super options.
func parseMount(f []string) (mount, bool) {
	for i := 6; i+3 < len(f); i++ {
		if f[i] != "-" {
			continue
		}
		v2 := f[i+1] == "cgroup2"
		v1 := f[i+1] == "cgroup" && hasCPU(f[i+3])
		return mount{v2: v2, root: unescape(f[3]), point: unescape(f[4])}, v1 || v2
	}
	return mount{}, false
}

func hasCPU(list string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == "cpu" {
			return true
		}
	}
	return false
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// below returns group seen from the mounted root. A group outside of it cannot be
// seen here, and the mount itself is the nearest that can.
func below(group, root string) string {
	if rest, ok := strings.CutPrefix(group, strings.TrimSuffix(root, "/")); ok && strings.HasPrefix(rest, "/") {
		return path.Clean(rest)
	}
	return "/"
}

// withAncestors lists the group's directory and those above it up to the mount:
// a quota holds for all groups below it.
func (g cgroup) withAncestors() []string {
	var dirs []string
	for p := g.path; ; p = path.Dir(p) {
		dirs = append(dirs, path.Join(g.mount, p))
		if p == "/" {
			return dirs
		}
	}
}

// quota reads the CPU quota of one directory, in whole CPUs rounded up; ok is
// false if it has none.
func (g cgroup) quota(root fs.FS, dir string) (n int, ok bool) {
	if g.v2 { // cpu.max holds "quota period" or "max period"
		quota, period, _ := strings.Cut(strings.TrimSpace(read(root, dir+"/cpu.max")), " ")
		return divide(quota, period)
	}
	quota := read(root, dir+"/cpu.cfs_quota_us") // -1 is none
	period := read(root, dir+"/cpu.cfs_period_us")
	return divide(strings.TrimSpace(quota), strings.TrimSpace(period))
}

func divide(quota, period string) (n int, ok bool) {
	q, errQ := strconv.Atoi(quota)
	p, errP := strconv.Atoi(period)
	if errQ != nil || errP != nil || q <= 0 || p <= 0 {
		return 0, false
	}
	n = q / p
	if q%p > 0 {
		n++
	}
	return n, true
}

// read returns the text of a file, or nothing: a file that is missing or
// forbidden limits nothing.
func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, strings.TrimPrefix(path.Clean(name), "/"))
	if err != nil {
		return ""
	}
	return string(b)
}
