package h1test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// name is the form of a file's name: the source of the rule, then the rule.
var name = regexp.MustCompile(`^(rfc\d{4}-[0-9a-z.]+|pep3333-\d+|smuggling|limit)(-[a-z0-9.]+)+$`)

// Load reads all cases below the directories accept and refuse of testdata, which is
// os.DirFS("testdata") for the tests of internal/h1. All mistakes in them are told.
func Load(testdata fs.FS) (Corpus, error) {
	accept, acceptErr := loadKind(testdata, "accept", parseAccepted)
	refuse, refuseErr := loadKind(testdata, "refuse", parseRefused)
	return Corpus{accept, refuse}, errors.Join(acceptErr, refuseErr)
}

// loadKind reads the files of one directory, whose want sections parse understands.
func loadKind[T any](testdata fs.FS, dir string, parse func(Case, []line) (T, error)) ([]T, error) {
	entries, err := fs.ReadDir(testdata, dir)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s has no cases: is it the right directory?", dir)
	}
	var cases []T
	var errs []error
	for _, entry := range entries {
		file := path.Join(dir, entry.Name())
		c, err := loadFile(testdata, file, parse)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		cases = append(cases, c)
	}
	return cases, errors.Join(errs...)
}

func loadFile[T any](testdata fs.FS, file string, parse func(Case, []line) (T, error)) (none T, err error) {
	base, found := strings.CutSuffix(path.Base(file), ".http")
	if !found || !name.MatchString(base) {
		return none, errors.New("the name wants the form rfc9112-6.3-te-and-cl.http, with rfcN-clause, pep3333-N, smuggling or limit before the rule")
	}
	text, err := fs.ReadFile(testdata, file)
	if err != nil {
		return none, err
	}
	s, err := split(string(text))
	if err != nil {
		return none, err
	}
	c, err := parseCase(base, s)
	if err != nil {
		return none, err
	}
	return parse(c, s.want)
}
