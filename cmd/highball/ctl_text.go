//go:build !windows

package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"highball/internal/control"
)

// ctlText is an answer of the server as people read it.
func ctlText(document any, now time.Time) string {
	switch d := document.(type) {
	case control.Status:
		return statusText(d, now)
	case []control.Worker:
		return workersText(d, now)
	case []control.Request:
		return requestsText(d)
	case []control.Stacks:
		return stacksText(d)
	}
	return fmt.Sprintln(document)
}

func statusText(s control.Status, now time.Time) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, printableLine(fmt.Sprintf(format, args...)))
	}
	row("state", "%s", s.State)
	row("pid", "%d", s.PID)
	row("version", "%s", s.Version)
	row("up", "%s", age(now.Sub(s.Began)))
	row("application", "%s", s.Application)
	row("generation", "%d", s.Generation)
	row("addresses", "%s", strings.Join(s.Addresses, " "))
	row("workers", "%s", workersSummary(s.Workers))
	row("memory", "%s", mebibytes(workersMemory(s.Workers)))
	row("requests", "%d in flight, %d served", s.Requests.InFlight, s.Requests.Served)
	row("queue", "%d waiting, room for %d", s.Queue.Waiting, s.Queue.Size)
	row("bodies", "%d waited in files, %d streamed; refused: %d too large, %d too slow, %d without room",
		s.Bodies.Spooled, s.Bodies.Streamed, s.Bodies.TooLarge, s.Bodies.TooSlow, s.Bodies.NoRoom)
	row("responses", "%.1f MiB in memory for slow clients, %d waited in files, %d waits without room",
		float64(s.Responses.Memory)/(1<<20), s.Responses.Spooled, s.Responses.Stalls)
	row("files", "%s", spoolText(s.Spool))
	row("connections", "%s", connectionsText(s.Connections)+pressureText(s.Connections))
	if len(s.Refusals) > 0 {
		row("refused", "%s", refusalsText(s.Refusals))
	}
	if s.Connections.Handshakes+s.Connections.HandshakesFailed > 0 {
		row("handshakes", "%s", handshakesText(s.Connections))
	}
	if len(s.Certificates) > 0 {
		summary, problems := certificatesText(s.Certificates)
		row("certificates", "%s", summary)
		for _, problem := range problems {
			fmt.Fprintf(&b, "    %s\n", printableLine(problem))
		}
	}
	for _, app := range s.Apps {
		row("app", "%s", appText(app, s.Workers))
	}
	if s.Retry != nil {
		row("next start", "%s", soon(s.Retry.Sub(now)))
	}
	if s.LastError != "" {
		b.WriteString("last error\n")
		writeIndented(&b, s.LastError)
	}
	return b.String()
}

// spoolText is "2 hold 45.5 MiB, at most 8192.0 MiB, in /var/tmp".
func spoolText(s control.Spool) string {
	if s.Dir == "" {
		return "there is no directory for them"
	}
	held, most := "none", ""
	if s.Files > 0 {
		held = fmt.Sprintf("%d hold %.1f MiB", s.Files, float64(s.Held)/(1<<20))
	}
	if s.Quota > 0 {
		most = ", at most " + mebibytes(s.Quota)
	}
	return held + most + ", in " + s.Dir
}

// connectionsText is "38 open, room for 15000, 4031 accepted".
func connectionsText(c control.Connections) string {
	room := ""
	if c.Max > 0 {
		room = fmt.Sprintf(", room for %d", c.Max)
	}
	text := fmt.Sprintf("%d open%s, %d accepted", c.Open, room, c.Accepted)
	if c.HTTP3Requests > 0 || c.HTTP3 > 0 {
		text += fmt.Sprintf(", %d open of HTTP/3 with %d requests so far", c.HTTP3, c.HTTP3Requests)
	}
	return text
}

// workersSummary is "3 ready, 1 leaving", the states in the order of the workers.
func workersSummary(workers []control.Worker) string {
	counts := map[string]int{}
	var states, parts []string
	for _, w := range workers {
		if counts[w.State] == 0 {
			states = append(states, w.State)
		}
		counts[w.State]++
	}
	for _, state := range states {
		parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// workersMemory counts what processes share once for each.
func workersMemory(workers []control.Worker) (sum int64) {
	for _, w := range workers {
		sum += w.Memory
	}
	return sum
}

func workersText(workers []control.Worker, now time.Time) string {
	if len(workers) == 0 {
		return "no workers\n"
	}
	rows := [][]string{{"WORKER", "PID", "GENERATION", "STATE", "AGE", "SERVED", "BUSY", "CONDEMNED", "MEMORY"}}
	of := make([]string, len(workers))
	for i, w := range workers {
		of[i] = w.App
		rows = append(rows, cells(w.Number, w.PID, w.Generation, w.State, age(now.Sub(w.Began)),
			w.Served, w.Busy, w.Condemned, mebibytes(w.Memory)))
	}
	return strings.Join(table(withApps(rows, of)), "\n") + "\n"
}

// maxTarget is how much of a path is shown; JSON has all of it.
const maxTarget = 200

// requestsText writes each request's stack below it.
func requestsText(requests []control.Request) string {
	if len(requests) == 0 {
		return "no requests in flight\n"
	}
	rows := [][]string{{"AGE", "STATE", "QUEUED", "WORKER", "PID", "THREAD", "CLIENT", "ID", "REQUEST"}}
	of := make([]string, len(requests))
	for i, r := range requests {
		of[i] = r.App
		worker, pid, thread := any(r.Worker), any(r.PID), any(r.Slot)
		if r.State == control.RequestQueued || r.PID == 0 {
			worker, pid, thread = "-", "-", "-"
		}
		rows = append(rows, cells(milliseconds(r.AgeMS), r.State, milliseconds(r.QueuedMS),
			worker, pid, thread, r.Client, r.ID, cut(r.Method+" "+r.Path, maxTarget)))
	}
	lines := table(withApps(rows, of))
	var b strings.Builder
	b.WriteString(lines[0] + "\n")
	dumped := map[int]bool{}
	for i, r := range requests {
		b.WriteString(lines[i+1] + "\n")
		writeIndented(&b, r.Stack)
		if r.Mute {
			fmt.Fprintf(&b, "    worker %d%s\n", r.Worker, mute)
		}
		if !dumped[r.PID] { // once for all requests of the worker
			writeIndented(&b, r.Dump)
		}
		dumped[r.PID] = r.Dump != ""
	}
	return b.String()
}

const mute = ": does not answer, so code that is not Python may hold its interpreter's lock"

func stacksText(all []control.Stacks) string {
	if len(all) == 0 {
		return "no workers\n"
	}
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "worker %d, pid %d", s.Worker, s.PID)
		if s.App != "" {
			b.WriteString(", " + printableLine(s.App))
		}
		if s.Mute {
			b.WriteString(mute)
		}
		b.WriteByte('\n')
		for _, t := range s.Threads {
			fmt.Fprintf(&b, "  thread %d %s\n", t.ID, printableLine(t.Name))
			writeIndented(&b, t.Stack)
		}
		writeIndented(&b, s.Dump)
	}
	return b.String()
}

func cells(values ...any) []string {
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = printableLine(fmt.Sprint(value))
		if row[i] == "" {
			row[i] = "-" // so that columns can be counted
		}
	}
	return row
}

// table aligns the columns, and gives a line for each row.
func table(rows [][]string) []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // into memory
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}
