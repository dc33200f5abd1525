package worker

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dumpSignal is the one that has Python write its stacks, before it has told its
// number: SIGRTMAX-3 of glibc and musl.
const dumpSignal = syscall.Signal(61)

// catches says whether the process has a handler for the signal, whose default is
// to end it: the application may have taken ours away.
func catches(pid int, sig syscall.Signal) bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if mask, ok := strings.CutPrefix(lines.Text(), "SigCgt:"); ok {
			caught, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err == nil && caught>>(uint(sig)-1)&1 == 1
		}
	}
	return false
}
