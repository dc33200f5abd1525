package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"syscall"
	"time"
)

// entry is one pair and what has been read of it.
type entry struct {
	pair   Pair
	files  watched
	shown  *tls.Certificate
	warned time.Time // of its dates
	staple staple
}

// watched are files that are looked at again and again.
type watched struct {
	seen   []fileState
	failed string // what was wrong with them at the last look, "" if nothing
}

// fileState is what changes if the contents do, by whatever way: written in place,
// renamed over, a symbolic link turned to another directory.
type fileState struct {
	device, inode uint64
	size          int64
	changed       time.Time
}

func stateOf(path string) (s fileState) {
	info, err := os.Stat(path)
	if err != nil {
		return s
	}
	s.size, s.changed = info.Size(), info.ModTime()
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode = uint64(sys.Dev), sys.Ino
	}
	return s
}

// changes says whether the files are to be read: they are others than at the last look,
// or were no good then. What is written after this is seen by the next.
func (w *watched) changes(paths ...string) bool {
	same := w.failed == "" && len(w.seen) == len(paths)
	states := make([]fileState, len(paths))
	for i, path := range paths {
		states[i] = stateOf(path)
		same = same && states[i] == w.seen[i]
	}
	w.seen = states
	return !same
}

// fails remembers an error, and says whether it is news.
func (w *watched) fails(err error) bool {
	news := w.failed != err.Error()
	w.failed = err.Error()
	return news
}

func (e *entry) changes() bool { return e.files.changes(e.pair.Cert, e.pair.keyFile()) }

// first reads the files when the server starts.
func (e *entry) first(s *Store) error {
	e.changes()
	l, err := e.pair.load()
	if err != nil {
		return err
	}
	e.take(s, l)
	return nil
}

func (e *entry) take(s *Store, l loaded) {
	e.shown, e.warned, e.files.failed = l.cert, time.Time{}, ""
	for _, note := range l.notes {
		s.options.Logger.Warn(e.pair.String() + ": " + note)
	}
	e.warnOfDates(s)
}

// look reads the files again if they have changed, and says whether others are shown now.
func (e *entry) look(s *Store) bool {
	if !e.changes() {
		return false
	}
	l, err := e.pair.load()
	if err != nil {
		if e.files.fails(err) {
			s.options.Logger.Error("a certificate cannot be taken, the one before stays in use; it is tried again: "+err.Error(),
				"in_use_until", date(e.shown.Leaf.NotAfter))
		}
		return false
	}
	e.take(s, l)
	s.options.Logger.Info("certificate read again: "+e.pair.String(), "names", names(l.cert.Leaf), "until", date(l.cert.Leaf.NotAfter))
	return true
}

// A certificate that is about to expire is told of this long before, or in the last
// quarter of its time, and once a day.
const (
	soon      = 14 * 24 * time.Hour
	warnEvery = 24 * time.Hour
)

func (e *entry) warnOfDates(s *Store) {
	now := s.options.Now()
	problem := dateProblem(e.shown.Leaf, now)
	if problem == "" || now.Sub(e.warned) < warnEvery {
		return
	}
	e.warned = now
	s.options.Logger.Warn(e.pair.String()+": "+problem, "names", names(e.shown.Leaf))
}

// dateProblem says what is wrong with the dates of a certificate, "" if nothing.
func dateProblem(c *x509.Certificate, now time.Time) string {
	left := c.NotAfter.Sub(now)
	switch {
	case left < 0:
		return "the certificate has expired on " + date(c.NotAfter) + ": clients refuse it; renew it"
	case now.Before(c.NotBefore):
		return "the certificate is not valid before " + date(c.NotBefore) + ": clients refuse it until then; is the clock right?"
	case left < min(soon, c.NotAfter.Sub(c.NotBefore)/4):
		return "the certificate expires on " + date(c.NotAfter) + ": renew it"
	}
	return ""
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
