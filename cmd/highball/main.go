//go:build !windows

// Command highball serves Python WSGI applications.
//
// Flags, environment variables, signals and exit codes are dealt with here and
// nowhere else; package highball sees a plain Config and a context.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"highball"
)

func main() {
	os.Exit(run(context.Background(), byName(os.Args), os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// run is the whole program with everything that it takes from its process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	p := &program{
		stdout:    stdout,
		stderr:    stderr,
		environ:   environ,
		signals:   subscribe,
		newServer: newServer,
	}
	return p.execute(ctx, args, stdin)
}

func (p *program) execute(ctx context.Context, args []string, stdin io.Reader) int {
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return report(p.stderr, root.ExecuteContext(ctx))
}

// program is what the verbs share.
type program struct {
	stdout, stderr io.Writer
	environ        []string

	// signals subscribes to the signals that the server knows; tests send their own.
	signals func() (received <-chan os.Signal, stop func())

	newServer func(highball.Config) (server, error)
}

// server is the part of highball.Server that the program drives.
type server interface {
	Run(ctx context.Context) error
	Reload(ctx context.Context) error
	ReloadApp(ctx context.Context, name string) error
	Scale(workers int) error
	Workers() int
	Health() highball.Health
	Close() error

	PreExec() error
	Ready() <-chan struct{}
	Inherited() []string
	Own() error
	Sockets() ([]highball.Socket, error)
	HandOver(addresses []string) error
	StartProcess(name string, argv []string, attr *os.ProcAttr) (*os.Process, <-chan *os.ProcessState, error)
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "highball",
		Short:         "Serve Python WSGI applications",
		Long:          "Highball serves Python WSGI applications: Django, Flask and every other that speaks PEP 3333.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,

		Args: noVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(p.runCommand(), p.devCommand(), p.gunicornCommand(), p.uwsgiCommand(), p.checkCommand(), p.traceCommand(), p.ctlCommand(),
		p.attachCommand(), p.configCommand(), p.versionCommand())
	return root
}
