package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Memory is the worker's resident memory in bytes, what it shares with others
// included: a reading that costs microseconds. PSS, which would divide what is
// shared, has the kernel walk all pages.
func (w *Worker) Memory() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", w.pid, data)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
