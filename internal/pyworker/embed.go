// Package pyworker carries the Python side: the sources of highball_worker, to
// be sent to an interpreter at its start, and the lines that receive them.
package pyworker

import (
	"embed"
	"path"
	"strings"
	"sync"

	"highball/internal/wire"
)

// The pattern names the files: a bare directory would silently leave out
// __init__.py and __main__.py.
//
//go:embed highball_worker/*.py
var sources embed.FS

// Bootstrap is the program for `python -c`. It reads Bundle from descriptor 3.
//
//go:embed bootstrap.py
var Bootstrap string

// Bundle returns the package's modules as a marshalled dict of sources.
var Bundle = sync.OnceValue(func() []byte {
	entries, err := sources.ReadDir("highball_worker")
	if err != nil {
		panic(err) // the embedded files are part of this binary
	}
	b := wire.OpenDict(nil)
	for _, entry := range entries {
		source, err := sources.ReadFile(path.Join("highball_worker", entry.Name()))
		if err != nil {
			panic(err)
		}
		b = wire.AppendText(wire.AppendText(b, moduleName(entry.Name())), string(source))
	}
	return wire.CloseDict(b)
})

func moduleName(file string) string {
	name := strings.TrimSuffix(file, ".py")
	if name == "__init__" {
		return "highball_worker"
	}
	return "highball_worker." + name
}
