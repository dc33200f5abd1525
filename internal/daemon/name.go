//go:build !windows

package daemon

import "os"

// mostName is how long Linux lets the name of a process be, in bytes.
const mostName = 15

// Name has the process called so where the system lists processes by name; "" changes
// nothing. It is for people: a system that has no such place is no error.
func Name(name string) {
	if name == "" {
		return
	}
	// Of the process, that is its first thread: prctl(PR_SET_NAME) would be of any thread.
	_ = os.WriteFile("/proc/self/comm", []byte(name[:min(len(name), mostName)]), 0)
}
