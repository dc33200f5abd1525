package cpus

import (
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	const mountinfo = "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"none":     {map[string]string{"sys/fs/cgroup/a/b/memory.max": "max\n"}, 0},
		"own":      {map[string]string{"sys/fs/cgroup/a/b/memory.max": "536870912\n"}, 512 << 20},
		"above":    {map[string]string{"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "1073741824\n"}, 1 << 30},
		"the less": {map[string]string{"sys/fs/cgroup/a/b/memory.max": "2147483648\n", "sys/fs/cgroup/a/memory.max": "1073741824\n"}, 1 << 30},
		"garbage":  {map[string]string{"sys/fs/cgroup/a/b/memory.max": "lots\n"}, 0},
	} {
		root := fstest.MapFS{
			"proc/self/cgroup":    &fstest.MapFile{Data: []byte("0::/a/b\n")},
			"proc/self/mountinfo": &fstest.MapFile{Data: []byte(mountinfo)},
		}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memoryLimit(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
