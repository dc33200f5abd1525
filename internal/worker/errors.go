package worker

import (
	"errors"
	"strings"
)

// ErrDied reports that the worker's process ended, or is about to.
var ErrDied = errors.New("the worker died")

// CrashError says how a process ended that nobody had told to.
type CrashError struct {
	Message string
	Output  string // the last lines that it wrote to stderr; the log has them as well
}

func (e *CrashError) Error() string { return e.Message }

// LoadError says why the application could not be loaded.
type LoadError struct {
	Message   string
	Tried     []string
	Hint      string
	Traceback string
	Hook      string // that has failed, or "import" for their module; "" where it was the application
}

// Error gives the whole story, in several lines: the traceback, what was tried,
// what was probably meant.
func (e *LoadError) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Traceback != "" {
		b.WriteString("\n" + strings.TrimRight(e.Traceback, "\n"))
	}
	if len(e.Tried) > 0 {
		b.WriteString("\ntried:")
		for _, t := range e.Tried {
			b.WriteString("\n  - " + t)
		}
	}
	if e.Hint != "" {
		b.WriteString("\nhint: " + e.Hint)
	}
	return b.String()
}

// ExitCode is 3, as gunicorn has it for a worker that cannot boot.
func (e *LoadError) ExitCode() int { return 3 }

func loadError(d map[string]any) *LoadError {
	e := &LoadError{Message: text(d["message"]), Hint: text(d["hint"]), Traceback: text(d["traceback"]), Hook: text(d["hook"])}
	e.Tried = texts(d["tried"])
	return e
}

func texts(v any) (list []string) {
	items, _ := v.([]any)
	for _, item := range items {
		list = append(list, text(item))
	}
	return list
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
