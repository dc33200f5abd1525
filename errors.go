package highball

import (
	"errors"

	"highball/internal/worker"
)

// ErrClosed reports that the Server has been shut down.
var ErrClosed = errors.New("highball: the server is closed")

// LoadError says why the application could not be loaded: its traceback, what
// was tried, what was probably meant. Its ExitCode method gives 3.
type LoadError struct {
	Message   string   // what went wrong, in a sentence
	Tried     []string // where the application was looked for, in order
	Hint      string   // what was probably meant; may be empty
	Traceback string   // of the application's own code, where that failed
	Hook      string   // the hook that failed, or "import" if their module did; empty if it is the application

	text string
}

// Error gives the whole story, in several lines.
func (e *LoadError) Error() string { return e.text }

// ExitCode is what a program that only serves this application should exit with.
func (e *LoadError) ExitCode() int { return 3 }

// public turns errors of the spokes into those of this package.
func public(err error) error {
	var load *worker.LoadError
	if errors.As(err, &load) {
		return &LoadError{
			Message: load.Message, Tried: load.Tried, Hint: load.Hint, Traceback: load.Traceback, Hook: load.Hook,
			text: load.Error(),
		}
	}
	return err
}
