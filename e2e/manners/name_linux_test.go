package manners

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// Each process has the name, with its part behind it; so after a reload and an upgrade.
func TestProcName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flag, front, zygote, worker string
	}{
		"short": {"shop", "shop", "shop:z", "shop:w"},
		"long":  {"a-very-long-name-of-a-shop", "a-very-long-nam", "a-very-long-n:z", "a-very-long-n:w"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.launch("--proc-name", test.flag)
			want := []string{test.front, test.worker, test.zygote}
			slices.Sort(want)
			named := func() bool { return slices.Equal(s.names(), want) }
			harness.Eventually(t, fmt.Sprintf("the names are %v", want), named)
			s.signal(syscall.SIGHUP)
			s.waitLog("reload")
			harness.Eventually(t, fmt.Sprintf("after a reload the names are %v", want), named)
			pid := s.pid()
			s.signal(syscall.SIGUSR2)
			harness.Eventually(t, "an upgrade", func() bool { return s.pid() != pid && s.pid() != 0 })
			harness.Eventually(t, fmt.Sprintf("after an upgrade the names are %v", want), named)
		})
	}
}

// names are those of the living processes.
func (s *server) names() (names []string) {
	for _, pid := range s.processes() {
		if name := strings.TrimSpace(read(fmt.Sprintf("/proc/%d/comm", pid))); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
