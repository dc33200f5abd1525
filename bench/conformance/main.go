package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"highball/internal/h1/h1test"
)

//go:embed echo.py
var echo string

// bench is one run of the command.
type bench struct {
	root   string // of the repository
	dir    string // temporary; others may read it, since Apache is another user
	python string
	only   []string
	every  bool
}

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	b, err := prepare(args, stderr)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	corpus, err := h1test.Load(os.DirFS(filepath.Join(b.root, "internal", "h1", "testdata")))
	if err != nil {
		return err
	}
	var all []*results
	for _, p := range peers() {
		if len(b.only) > 0 && !slices.Contains(b.only, p.name) {
			continue
		}
		fmt.Fprintf(stderr, "conformance: %s\n", p.name)
		got, err := b.replay(p, corpus)
		if err != nil {
			return err
		}
		all = append(all, got)
	}
	if b.every {
		return writeEach(stdout, corpus, all)
	}
	page, err := pageOf(corpus, all)
	if err != nil || len(b.only) > 0 {
		fmt.Fprint(stdout, page)
		return err
	}
	return os.WriteFile(filepath.Join(b.root, "docs", "CONFORMANCE.md"), []byte(page), 0o644)
}

// prepare reads the flags and makes the run's directory, with the application in it.
func prepare(args []string, stderr io.Writer) (*bench, error) {
	f := flag.NewFlagSet("conformance", flag.ContinueOnError)
	f.SetOutput(stderr)
	only := f.String("only", "", "some of the servers, separated by commas; the page is printed, not written")
	every := f.Bool("every", false, "print each difference, a line each, in place of the page")
	venv := f.String("venv", "", "virtual environment with gunicorn and granian (default: .venv of the repository)")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "env", "GOMOD").Output()
	gomod := strings.TrimSpace(string(out))
	if err != nil || filepath.Base(gomod) != "go.mod" {
		return nil, errors.New("run it within the repository: go run ./bench/conformance")
	}
	b := &bench{root: filepath.Dir(gomod), every: *every}
	if *venv == "" {
		*venv = filepath.Join(b.root, ".venv")
	}
	b.python = filepath.Join(*venv, "bin", "python")
	if *only != "" {
		b.only = strings.Split(*only, ",")
	}
	if b.dir, err = os.MkdirTemp("", "highball-conformance-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(b.dir, 0o755); err != nil {
		return nil, err
	}
	_, err = b.write("echo.py", echo)
	return b, err
}

// writeEach writes each case that a server does otherwise with.
func writeEach(w io.Writer, corpus h1test.Corpus, all []*results) error {
	for _, k := range kindsOf(corpus) {
		for _, name := range k.cases {
			for _, r := range all {
				v := r.verdicts[name]
				if v.asWanted() {
					continue
				}
				if _, err := fmt.Fprintf(w, "%s/%s\t%s\t%s\t%s\n", k.name, name, r.peer.name, v.judgement, v.detail); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
