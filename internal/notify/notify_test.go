package notify

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestSend(t *testing.T) {
	names := []string{filepath.Join(t.TempDir(), "s")}
	if runtime.GOOS == "linux" {
		names = append(names, fmt.Sprintf("@highball-notify-test-%d", os.Getpid()))
	}
	for _, name := range names {
		manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer manager.Close()
		if err := Manager(name).Send(MainPID(4711), "STATUS=well"); err != nil {
			t.Fatal(err)
		}
		_ = manager.SetReadDeadline(time.Now().Add(10 * time.Second))
		message := make([]byte, 100)
		n, err := manager.Read(message)
		if got := string(message[:n]); err != nil || got != "MAINPID=4711\nSTATUS=well" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestNoManager(t *testing.T) {
	if err := Manager("").Send("READY=1"); err != nil {
		t.Error(err)
	}
	if err := Manager(filepath.Join(t.TempDir(), "none")).Send("READY=1"); err == nil {
		t.Error("no error, though nobody is there")
	}
}

func TestWatchdog(t *testing.T) {
	own := fmt.Sprint(os.Getpid())
	for _, test := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"20000000", own, 20 * time.Second},
		{"20000000", "", 20 * time.Second},
		{"20000000", "1", 0},
		{"", own, 0},
		{"0", own, 0},
		{"often", own, 0},
		{"-5", own, 0},
		{"18446744073709551615", own, 0},
		{"9223372036854775807", own, 0},
	} {
		env := map[string]string{"WATCHDOG_USEC": test.usec, "WATCHDOG_PID": test.pid}
		if got := Watchdog(func(name string) string { return env[name] }); got != test.want {
			t.Errorf("%v: %v, want %v", env, got, test.want)
		}
	}
}

func TestAssignments(t *testing.T) {
	if got := Status("two\nlines\x00"); got != "STATUS=two lines " {
		t.Errorf("status %q", got)
	}
	if got := MoreTime(2 * time.Second); got != "EXTEND_TIMEOUT_USEC=2000000" {
		t.Errorf("more time: %q", got)
	}
	one, two := Reloading(), Reloading()
	if len(one) != 2 || one[0] != "RELOADING=1" || len(one[1]) <= len("MONOTONIC_USEC=") || two[1] < one[1] && len(two[1]) == len(one[1]) {
		t.Errorf("reloading: %q, then %q", one, two)
	}
}
