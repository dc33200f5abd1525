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
