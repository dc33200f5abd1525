package harness

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// marked finds the living processes whose environment has the mark. Where there
// is no /proc it finds none.
func marked(mark string) []int {
	var pids []int
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	entry := []byte(markName + "=" + mark)
	for _, path := range paths {
		environ, err := os.ReadFile(path) // a zombie's is empty
		if err != nil {
			continue
		}
		for variable := range bytes.SplitSeq(environ, []byte{0}) {
			if bytes.Equal(variable, entry) {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func commandLine(pid int) string {
	line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return strings.ReplaceAll(string(line), "\x00", " ")
}

// alive says whether a process has not ended; one that nobody waits for counts as
// ended. Where there is no /proc, the answer is yes.
func alive(pid int) bool {
	if _, err := os.Stat("/proc/self"); err != nil {
		return true
	}
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && len(environ) > 0
}
