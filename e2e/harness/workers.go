package harness

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Worker is what a server says of one of its workers.
type Worker struct {
	Number, PID int
	State       string // "ready" or "leaving"
	Busy        int
	Memory      int64 `json:"memory_bytes"`
}

// Status is what a server says of itself.
type Status struct {
	State   string
	Workers []Worker
	Queue   struct{ Waiting, Size int }

	Connections struct {
		Accepted int `json:"accepted_total"`
	}
}

// AskControl asks the control socket at this path how the server is.
func AskControl(t testing.TB, socket string) (s Status) {
	t.Helper()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	response, err := (&http.Client{Transport: transport, Timeout: Patience}).Get("http://highball/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Ready are the numbers of the processes that take requests.
func (s Status) Ready() []int {
	var pids []int
	for _, w := range s.Workers {
		if w.State == "ready" {
			pids = append(pids, w.PID)
		}
	}
	return pids
}

// has says whether a process is a worker that takes requests or did.
func (s Status) has(pid int) bool {
	return slices.ContainsFunc(s.Workers, func(w Worker) bool { return w.PID == pid })
}

// Zygotes are the processes that the front has started itself: its children but
// for the workers whose zygote has died.
func (s *Server) Zygotes(t testing.TB, socket string) []int {
	t.Helper()
	status := AskControl(t, socket)
	return slices.DeleteFunc(s.Processes(), func(pid int) bool { return parent(pid) != s.PID || status.has(pid) })
}

// parent is a process's parent, 0 if there is no such process.
func parent(pid int) int {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	number, _ := strconv.Atoi(fields[1])
	return number
}
