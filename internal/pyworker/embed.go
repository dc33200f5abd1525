// Package pyworker carries the Python side: the sources of highball_worker, to
// be sent to an interpreter at its start, and the lines that receive them.
package pyworker

import (
	"embed"
	"path"
	"strconv"
	"strings"
	"sync"

	"highball/internal/wire"
)

// The pattern names the files: a bare directory would silently leave out
// __init__.py and __main__.py.
//
//go:embed highball_worker/*.py
var sources embed.FS

// Program is for `python -c`: short, since ps shows it. It reads the bootstrap,
// whose length comes before it, and then the modules from descriptor 3.
const Program = `import os; highball = os.fdopen(3, "rb"); exec(highball.read(int(highball.readline())))`

//go:embed bootstrap.py
var bootstrap []byte

// Bundle returns what Program reads: the bootstrap, and the package's modules as
// a marshalled dict of sources.
var Bundle = sync.OnceValue(func() []byte {
	entries, err := sources.ReadDir("highball_worker")
	if err != nil {
		panic(err) // the embedded files are part of this binary
	}
	b := append(strconv.AppendInt(nil, int64(len(bootstrap)), 10), '\n')
	b = wire.OpenDict(append(b, bootstrap...))
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
