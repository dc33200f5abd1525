//go:build !windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"highball"
	"highball/internal/pyworker"
	"highball/internal/settings"
)

// attachment is what a program that serves its own application writes to our stdin. The
// Python package and this program come from one wheel, so that there is one form of it.
type attachment struct {
	Caller    string              `json:"caller"`   // the function that mistakes are told of
	Settings  map[string][]string `json:"settings"` // by name, as texts
	PID       int                 `json:"pid"`
	Python    string              `json:"python"`
	InThreads bool                `json:"in_threads"`

	// Descriptors that the program has left open for us; Bundle may be 0.
	Command int `json:"command"`
	Report  int `json:"report"`
	Bundle  int `json:"bundle"`
}

// attachReport is a line on the descriptor Report: once, how the start went.
type attachReport struct {
	Addresses []string `json:"addresses,omitempty"`
	Error     string   `json:"error,omitempty"`
	Kind      string   `json:"kind,omitempty"` // "type", "value", "load", "os"
	Errno     int      `json:"errno,omitempty"`
}

// attachCommand is for highball.serve and highball.make_server alone.
func (p *program) attachCommand() *cobra.Command {
	return &cobra.Command{
		Use: "attach", Hidden: true, Args: noArgs,
		Short: "Serve the application of the program that has started this one",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var a attachment
			if err := json.NewDecoder(cmd.InOrStdin()).Decode(&a); err != nil {
				return usageError{fmt.Errorf("this is for highball.serve() of the Python package: %w", err), cmd.CommandPath()}
			}
			return p.attach(cmd, a)
		},
	}
}

func (p *program) attach(cmd *cobra.Command, a attachment) error {
	told := &startReport{file: inheritedFile(a.Report, "report")}
	defer told.close()
	command := inheritedFile(a.Command, "command")
	defer command.Close()
	if err := a.sendBundle(); err != nil {
		return err
	}
	values, err := a.values(p.environ)
	if err == nil {
		attached := *p
		attached.newServer = func(cfg highball.Config) (server, error) { return told.whenReady(p.newServer(cfg)) }
		err = attached.launch(cmd, values, manner{adjust: func(cfg *highball.Config) {
			cfg.Attached = &highball.Attached{Command: command, PID: a.PID, InThreads: a.InThreads}
			cfg.Python, cfg.Dir = a.Python, ""
		}})
	}
	if err != nil && told.fails(err) {
		return toldError{err}
	}
	return err
}

// sendBundle sends the program the code of a worker. It may have it already.
func (a attachment) sendBundle() error {
	if a.Bundle == 0 {
		return nil
	}
	bundle := inheritedFile(a.Bundle, "bundle")
	_, err := bundle.Write(pyworker.Bundle())
	return errors.Join(err, bundle.Close())
}

// startReport tells the calling program once how the start went.
type startReport struct {
	mu   sync.Mutex
	file *os.File
}

func (r *startReport) whenReady(srv server, err error) (server, error) {
	if err != nil {
		return nil, err
	}
	go func() {
		<-srv.Ready()
		var addresses []string
		if named, ok := srv.(interface{ Addresses() []string }); ok {
			addresses = named.Addresses()
		}
		r.tell(attachReport{Addresses: addresses})
	}()
	return srv, nil
}

// tell says whether nothing had been told before.
func (r *startReport) tell(what attachReport) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return false
	}
	_ = json.NewEncoder(r.file).Encode(what) // a program that has ended asks no more
	_ = r.file.Close()
	r.file = nil
	return true
}

func (r *startReport) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// fails says whether err was told, so that there is no need to print it.
func (r *startReport) fails(err error) bool {
	what := attachReport{Error: oneLine(err)}
	var usage usageError
	var kind typeError
	var load *highball.LoadError
	var errno syscall.Errno
	switch {
	case errors.As(err, &kind):
		what.Kind = "type"
	case errors.As(err, &usage):
		what.Kind = "value"
	case errors.As(err, &load):
		what.Kind, what.Error = "load", err.Error()
	case errors.As(err, &errno):
		what.Kind, what.Errno = "os", int(errno)
	}
	return r.tell(what)
}

// oneLine has the mistakes one after the other.
func oneLine(err error) string {
	var usage usageError
	if errors.As(err, &usage) {
		err = usage.err
	}
	var texts []string
	for _, mistake := range settings.Errors(err) {
		texts = append(texts, mistake.Error())
	}
	return strings.Join(texts, "; ")
}

// toldError is one that the calling program raises as an exception.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }
