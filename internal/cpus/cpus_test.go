package cpus

import (
	"runtime"
	"testing"
	"testing/fstest"
)

const (
	v2Mount = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	v1Mount = "34 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	noise   = "garbage\n24 1 8:1 / / rw - ext4 /dev/sda1 rw\n36 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
)

const affinity = 8

type files map[string]string

type countTest struct {
	name  string
	files files
	want  int
}

func checkCounts(t *testing.T, tests []countTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, data := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(data)}
			}
			if got := count(root, affinity); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCountV2(t *testing.T) {
	v2 := func(extra files) files {
		extra["proc/self/cgroup"] = "0::/a.slice/b.service\n"
		extra["proc/self/mountinfo"] = noise + v2Mount
		return extra
	}
	const b, a, top = "sys/fs/cgroup/a.slice/b.service/cpu.max", "sys/fs/cgroup/a.slice/cpu.max", "sys/fs/cgroup/cpu.max"
	checkCounts(t, []countTest{
		{"no proc", files{}, affinity},
		{"v2 without quota", v2(files{}), affinity},
		{"v2 max", v2(files{b: "max 100000\n"}), affinity},
		{"v2 whole", v2(files{b: "200000 100000\n"}), 2},
		{"v2 rounds up", v2(files{b: "250000 100000\n"}), 3},
		{"v2 below one", v2(files{b: "1000 100000\n"}), 1},
		{"v2 above affinity", v2(files{b: "1600000 100000\n"}), affinity},
		{"v2 other period", v2(files{b: "100000 50000\n"}), 2},
		{"v2 parent is tighter", v2(files{b: "400000 100000\n", a: "150000 100000\n"}), 2},
		{"v2 child is tighter", v2(files{b: "100000 100000\n", a: "400000 100000\n"}), 1},
		{"v2 parent only", v2(files{b: "max 100000\n", a: "300000 100000\n"}), 3},
		{"v2 mount itself", v2(files{top: "500000 100000\n"}), 5},
		{"v2 not a number", v2(files{b: "lots 100000\n"}), affinity},
		{"v2 no period", v2(files{b: "100000\n"}), affinity},
		{"v2 period of zero", v2(files{b: "100000 0\n"}), affinity},
		{"v2 negative", v2(files{b: "-100000 100000\n"}), affinity},
		{"v2 empty", v2(files{b: ""}), affinity},
		{"v2 too big", v2(files{b: "99999999999999999999 100000\n"}), affinity},
		{"v2 malformed child, good parent", v2(files{b: "?", a: "100000 100000\n"}), 1},
	})
}

func TestCountV1(t *testing.T) {
	v1 := func(extra files) files {
		extra["proc/self/cgroup"] = "5:cpuset:/x\n4:cpu,cpuacct:/docker/c1\n1:name=systemd:/y\n"
		extra["proc/self/mountinfo"] = noise + v1Mount
		return extra
	}
	const c1, docker = "sys/fs/cgroup/cpu,cpuacct/docker/c1/", "sys/fs/cgroup/cpu,cpuacct/docker/"
	checkCounts(t, []countTest{
		{"v1 none", v1(files{c1 + "cpu.cfs_quota_us": "-1\n", c1 + "cpu.cfs_period_us": "100000\n"}), affinity},
		{"v1 rounds up", v1(files{c1 + "cpu.cfs_quota_us": "110000\n", c1 + "cpu.cfs_period_us": "100000\n"}), 2},
		{"v1 parent", v1(files{docker + "cpu.cfs_quota_us": "300000\n", docker + "cpu.cfs_period_us": "100000\n"}), 3},
		{"v1 no period", v1(files{c1 + "cpu.cfs_quota_us": "110000\n"}), affinity},
	})
}

func TestCountMounts(t *testing.T) {
	checkCounts(t, []countTest{
		{"v1 container sees its own group as the mount", files{
			"proc/self/cgroup":                    "4:cpu,cpuacct:/docker/c1\n",
			"proc/self/mountinfo":                 "34 31 0:29 /docker/c1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "200000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
		}, 2},
		{"group outside of the mount", files{
			"proc/self/cgroup":      "0::/../other\n",
			"proc/self/mountinfo":   "34 31 0:29 /docker/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/cpu.max": "200000 100000\n",
		}, 2},
		{"a name that only begins like the mount's root", files{
			"proc/self/cgroup":          "0::/docker/c12\n",
			"proc/self/mountinfo":       "34 31 0:29 /docker/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/2/cpu.max":   "100000 100000\n",
			"sys/fs/cgroup/c12/cpu.max": "100000 100000\n",
		}, affinity},
		{"both, v1 has the controller", files{
			"proc/self/cgroup":                              "2:cpu,cpuacct:/a\n0::/a\n",
			"proc/self/mountinfo":                           v1Mount + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us":  "400000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
		}, 4},
		{"mount point with a space", files{
			"proc/self/cgroup":    "0::/a\n",
			"proc/self/mountinfo": `34 31 0:29 / /my\040groups rw - cgroup2 cgroup rw` + "\n",
			"my groups/a/cpu.max": "100000 100000\n",
		}, 1},
		{"group with a colon", files{
			"proc/self/cgroup":          "0::/a:b\n",
			"proc/self/mountinfo":       v2Mount,
			"sys/fs/cgroup/a:b/cpu.max": "100000 100000\n",
		}, 1},
	})
}

func TestCountHere(t *testing.T) {
	if n := Count(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("got %d, want 1 to %d", n, runtime.NumCPU())
	}
}

func TestCountAtLeastOne(t *testing.T) {
	if n := count(fstest.MapFS{}, 0); n != 1 {
		t.Errorf("got %d, want 1", n)
	}
}
