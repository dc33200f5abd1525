package highball

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"highball/internal/worker"
)

// Finding is one break of PEP 3333, or a note.
type Finding struct {
	// Clause is the number of the clause in e2e/clausetable_test.go; 0 where only HTTP
	// or wsgiref.validate wants it.
	Clause int `json:"clause"`

	// Section is the section of PEP 3333.
	Section string `json:"section"`

	// Says is what the clause says.
	Says string `json:"says"`

	// Problem is what was seen.
	Problem string `json:"problem"`

	// Advice is what to do about it.
	Advice string `json:"advice"`

	// Where is "file:line in function" of the application's code, where one
	// can be named.
	Where string `json:"where,omitempty"`

	// Layer is "the application" or a middleware.
	Layer string `json:"layer"`

	// Note says that this is allowed, but not wise: no break.
	Note bool `json:"note"`

	// Probes are the requests that showed it.
	Probes []string `json:"probes"`

	// Traceback is the exception's, for one that was not handled.
	Traceback string `json:"traceback,omitempty"`
}

// CheckReport is what [Check] has found.
type CheckReport struct {
	Application string    `json:"application"` // "shop.wsgi:application"
	Python      string    `json:"python"`      // "CPython 3.13.0"
	Probes      int       `json:"probes"`      // requests that were made
	Findings    []Finding `json:"findings"`    // breaks and notes, in the order they were seen

	// Stopped names the probe that hung or ended the process; those after it
	// were not made.
	Stopped string `json:"stopped,omitempty"`
}

// Breaks counts the findings that are no notes.
func (r *CheckReport) Breaks() (n int) {
	for _, f := range r.Findings {
		if !f.Note {
			n++
		}
	}
	return n
}

// Check runs the application through wsgiref.validate and probes of its own,
// in one Python process and without a socket, and reports what breaks PEP 3333.
// It makes real requests (POST and DELETE among them) to the path "/" and others.
//
// Of cfg it uses what says which application is loaded and how, Environ,
// ScriptName and Middleware, StartTimeout, and RequestTimeout as the limit of one
// probe. The error is a [*LoadError] if the application cannot be loaded.
func Check(ctx context.Context, cfg Config) (*CheckReport, error) {
	if len(cfg.Apps) > 0 {
		return nil, errors.New("check: one application at a time: see Config.Alone")
	}
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	opts := s.workerOptions("")
	opts.Validate, opts.Trace = false, false // the probes do that themselves
	c := checking{report: &CheckReport{Findings: []Finding{}}, findings: map[int64]Finding{}}
	limit := max(s.cfg.RequestTimeout, 0)
	ready, err := worker.RunScript(ctx, opts, worker.Script{
		Role:    "check",
		Quiet:   limit,
		OnEvent: c.event,
		Config:  map[string]any{"script_name": s.cfg.ScriptName, "request_timeout_ms": limit.Milliseconds()},
	})
	if ended, ok := errors.AsType[*worker.ScriptError](err); ok {
		c.ended(ended, limit)
		err = nil
	}
	if err != nil {
		return nil, public(err)
	}
	c.report.Application, c.report.Python = ready.Target, ready.Python
	for _, id := range slices.Sorted(maps.Keys(c.findings)) {
		c.report.Findings = append(c.report.Findings, c.findings[id])
	}
	return c.report, nil
}

// checking collects the events of a run; highball_worker/check.py sends them.
type checking struct {
	report   *CheckReport
	probe    string
	findings map[int64]Finding
}

func (c *checking) event(e map[string]any) {
	text := func(key string) string { s, _ := e[key].(string); return s }
	switch text("event") {
	case "probe":
		c.probe = text("name")
		c.report.Probes++
	case "finding":
		id, _ := e["id"].(int64)
		clause, _ := e["clause"].(int64)
		f := Finding{
			Clause: int(clause), Section: text("section"), Says: text("says"), Problem: text("problem"),
			Advice: text("advice"), Where: text("where"), Layer: text("layer"), Note: text("level") == "note",
			Traceback: text("traceback"),
		}
		probes, _ := e["probes"].([]any)
		for _, p := range probes {
			name, _ := p.(string)
			f.Probes = append(f.Probes, name)
		}
		c.findings[id] = f
	case "end":
		c.report.Stopped = text("left_at")
	}
}

// ended reports a process that a probe has brought down.
func (c *checking) ended(e *worker.ScriptError, limit time.Duration) {
	f := Finding{
		Clause: 92, Section: "Error Handling", Says: "an application does not end its process",
		Problem: "the process ended: " + strings.TrimPrefix(e.State, "signal: "), Layer: "the application",
		Advice: "look for os._exit and for crashes of C code; python -X faulthandler shows where",
		Probes: []string{c.probe},
	}
	if e.Hung {
		f.Clause, f.Section = 69, "Buffering and Streaming"
		f.Says = "an application gives its blocks without blocking for ever"
		f.Problem = fmt.Sprintf("no answer within %s, and no Python code runs: C code holds the interpreter's lock", limit)
		f.Advice = "look for a call into C code that does not return"
	}
	c.report.Stopped = c.probe
	c.findings[int64(len(c.findings))] = f
}
