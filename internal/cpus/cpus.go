// Package cpus counts the CPUs that this process may use, so that a container
// with a quota of two CPUs on a machine of 64 does not start 64 workers.
package cpus

import (
	"io/fs"
	"os"
	"runtime"
)

// Count returns the number of CPUs that this process may use: those that its
// scheduling affinity allows, or fewer if a cgroup (v1 or v2) has a CPU quota,
// rounded up. It is at least 1. What cannot be read or understood limits nothing.
func Count() int {
	return count(os.DirFS("/"), runtime.NumCPU())
}

// count is Count for the file system root and n CPUs by affinity.
func count(root fs.FS, n int) int {
	for _, g := range ownCgroups(root) {
		for _, dir := range g.withAncestors() {
			if q, ok := g.quota(root, dir); ok {
				n = min(n, q)
			}
		}
	}
	return max(n, 1)
}
