package pidfile

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// ticks is the unit of /proc's times on all that Linux runs on today, in a second.
const ticks = 100

// beginning is when a process began.
func beginning(pid int) (time.Time, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return time.Time{}, false
	}
	// Behind the name, which may have spaces and parentheses, begins field 3; 22 is the time.
	behind := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil || len(behind) < 20 {
		return time.Time{}, false
	}
	began, err1 := strconv.ParseInt(string(behind[19]), 10, 64)
	up, err2 := strconv.ParseFloat(string(bytes.Fields(uptime)[0]), 64)
	if err1 != nil || err2 != nil {
		return time.Time{}, false
	}
	age := time.Duration(up*float64(time.Second)) - time.Duration(began)*time.Second/ticks
	return time.Now().Add(-age), true
}
