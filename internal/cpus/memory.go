package cpus

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// MemoryLimit is how many bytes the container of this process may take, by the
// memory.max of its cgroup and those above it (cgroup v2); 0 if there is none.
func MemoryLimit() int64 { return memoryLimit(os.DirFS("/")) }

func memoryLimit(root fs.FS) (least int64) {
	for _, g := range ownCgroups(root) {
		if !g.v2 {
			continue
		}
		for _, dir := range g.withAncestors() {
			n, err := strconv.ParseInt(strings.TrimSpace(read(root, dir+"/memory.max")), 10, 64)
			if err == nil && n > 0 && (least == 0 || n < least) { // without a limit it says "max"
				least = n
			}
		}
	}
	return least
}
