package gateway

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"highball/internal/spool"
	"highball/internal/wire"
)

// withSpool gives a rig files, of quota bytes together.
func (g *rig) withSpool(t *testing.T, quota int64) *spool.Store {
	t.Helper()
	store, err := spool.New(t.TempDir(), quota)
	if err != nil {
		t.Fatal(err)
	}
	g.opts.ResponseSpoolLimit = 1 << 30
	g.responses.create = func() (spoolFile, error) {
		f, err := store.Create()
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	return store
}

// checkEmpty fails unless nothing of any response is left in memory or in files.
func (g *rig) checkEmpty(t *testing.T, store *spool.Store) {
	t.Helper()
	if stats := g.ResponseStats(); stats.Memory != 0 {
		t.Errorf("%d bytes are left in the budget", stats.Memory)
	}
	if store != nil {
		if s := store.Stats(); s.Open != 0 || s.Held != 0 {
			t.Errorf("files are left: %+v", s)
		}
	}
}

// text is n bytes in which no piece looks like another.
func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>16 ^ i>>8 ^ i*7)
	}
	return string(b)
}

// inBlocks is a worker that answers body in blocks of size.
func inBlocks(body string, size int) func(*fakeWorker) {
	return func(w *fakeWorker) {
		w.respond(0, "200 OK", body[:min(10, len(body))])
		for i := 10; i < len(body); i += size {
			w.block(0, body[i:min(i+size, len(body))])
		}
		w.block(final, "")
	}
}

// slowly serves a request for a client that takes nothing, and calls check when
// nothing moves any more; then the client takes all, which has to be body.
func slowly(t *testing.T, g *rig, body string, check func()) {
	t.Helper()
	w := &slowWriter{open: make(chan struct{})}
	ended := make(chan bool, 1)
	go func() { ended <- g.doOn(w, get("/")) }()
	<-time.After(time.Hour) // virtual
	synctest.Wait()
	check()
	close(w.open)
	if <-ended || w.body.String() != body {
		t.Errorf("%d bytes arrived of %d, or not the same", w.body.Len(), len(body))
	}
	if d := g.done[0]; d.Bytes != int64(len(body)) || d.Failure != "" {
		t.Errorf("done %+v", d)
	}
	g.checkFreed(t)
}

// What a client does not take waits in memory, then in a file; the slot is free.
func TestResponseWaitsInAFile(t *testing.T) {
	for name, size := range map[string]int{"large blocks": 1 << 20, "blocks": 10_000, "small blocks": 999} {
		synctest.Test(t, func(t *testing.T) {
			body := text(3 << 20)
			g := newRig(inBlocks(body, size))
			g.opts.RequestTimeout = time.Minute
			store := g.withSpool(t, 0)
			slowly(t, g, body, func() {
				if s := g.slots[0].misuse(); s != "" {
					t.Errorf("%s: held for a client that does not read: %s", name, s)
				}
				if stats := g.ResponseStats(); stats.Memory == 0 || stats.Memory > g.opts.ResponseMemory+copyBuffer ||
					stats.Spooled != 1 || stats.Bytes+stats.Memory < int64(len(body)) || stats.Stalls != 0 {
					t.Errorf("%s: %+v", name, stats)
				}
				if flights := g.InFlight(); len(flights) != 1 {
					t.Errorf("%s: %d requests are in flight", name, len(flights))
				} else if f := flights[0]; f.State != Sending || f.Slot != nil {
					t.Errorf("%s: state %d, slot %v", name, f.State, f.Slot)
				}
			})
			g.checkEmpty(t, store)
		})
	}
}

// brokenFile takes some bytes, and then there is no room.
type brokenFile struct {
	spoolFile
	room int
}

func (f *brokenFile) Write(p []byte) (int, error) {
	n, err := f.spoolFile.Write(p[:min(len(p), f.room)])
	if f.room -= n; err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

// Where there is no room the application waits for its client, its time does not run
// out meanwhile, and nothing is lost.
func TestResponseWithoutRoom(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, g *rig) *spool.Store
		told    bool // to the log, once a minute: there is an hour between the tries
	}{
		"no files":   {func(*testing.T, *rig) *spool.Store { return nil }, false},
		"no memory":  {func(_ *testing.T, g *rig) *spool.Store { g.opts.ResponseMemory = 0; return nil }, false},
		"no budget":  {func(_ *testing.T, g *rig) *spool.Store { g.responses.memory.limit = 0; return nil }, false},
		"quota used": {func(t *testing.T, g *rig) *spool.Store { return g.withSpool(t, 1<<20) }, true},
		"file's limit": {func(t *testing.T, g *rig) *spool.Store {
			store := g.withSpool(t, 0)
			g.opts.ResponseSpoolLimit = 1 << 20
			return store
		}, false},
		"no file can be made": {func(_ *testing.T, g *rig) *spool.Store {
			g.opts.ResponseSpoolLimit = 1 << 30
			g.responses.create = func() (spoolFile, error) { return nil, syscall.ENOSPC }
			return nil
		}, true},
		"disk full": {func(t *testing.T, g *rig) *spool.Store {
			store, create := g.withSpool(t, 0), g.responses.create
			g.responses.create = func() (spoolFile, error) {
				f, err := create()
				return &brokenFile{f, 1<<20 + 17}, err
			}
			return store
		}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			body := text(3 << 20)
			g := newRig(inBlocks(body, 50_000))
			g.opts.RequestTimeout = time.Second
			store := c.prepare(t, g)
			slowly(t, g, body, func() {
				if g.slots[0].wasGivenBack() {
					t.Errorf("%s: the slot was given back", name)
				}
				if stats := g.ResponseStats(); stats.Stalls == 0 || stats.Memory > g.responses.memory.limit {
					t.Errorf("%s: %+v", name, stats)
				}
			})
			if n := strings.Count(g.log.String(), "no room for responses"); n > 2 || (n > 0) != c.told {
				t.Errorf("%s: %d lines in the log:\n%s", name, n, g.log.String())
			}
			g.checkEmpty(t, store)
		})
	}
}

// The budget is of all responses: what has no place in it holds its slot.
func TestBudgetIsOfAllResponses(t *testing.T) {
	large := text(60_000)
	for name, worker := range map[string]func(*fakeWorker){
		"blocks":    inBlocks(large, 1<<20),
		"one frame": func(w *fakeWorker) { w.respond(final, "200 OK", large) },
		"one frame, done later": func(w *fakeWorker) {
			w.respond(wire.FlagEnd, "200 OK", large)
			w.done()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(worker)
			g.responses.memory.limit = 100_000
			g.responses.memory.take(100_000 - 10_000) // by others
			slowly(t, g, large, func() {
				if g.slots[0].wasGivenBack() {
					t.Errorf("%s: the slot was given back", name)
				}
			})
			if used := g.ResponseStats().Memory; used != 90_000 {
				t.Errorf("%s: %d bytes are in use", name, used)
			}
		})
	}
}

// jerky is a client that takes its time now and then.
type jerky struct{ plainRecorder }

func (w *jerky) Write(p []byte) (int, error) {
	for range rand.N(60) {
		runtime.Gosched()
	}
	return w.plainRecorder.Write(p)
}

// However memory and file take turns, the bytes are the same, in order.
func TestOrder(t *testing.T) {
	body := text(1 << 20)
	for range 5 {
		g := newRig(func(w *fakeWorker) {
			w.respond(0, "200 OK", "")
			for rest := body; rest != ""; {
				n := min(1+rand.N(1<<rand.N(18)), len(rest))
				w.block(0, rest[:n])
				rest = rest[n:]
			}
			w.block(final, "")
		})
		store := g.withSpool(t, 300<<10)
		g.opts.ResponseMemory, g.opts.ResponseSpoolLimit = 20_000, 200_000
		w := &jerky{}
		if g.doOn(w, get("/")) || w.body.String() != body {
			t.Errorf("%d bytes arrived of %d, or not the same", w.body.Len(), len(body))
		}
		g.checkFreed(t)
		g.checkEmpty(t, store)
	}
}

// What waits behind others is sent with them, in few pieces and without a flush for each.
func TestBlocksThatWaitAreJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := text(20_000)
		g := newRig(inBlocks(body, 10))
		w := &counter{slowWriter: slowWriter{open: make(chan struct{})}}
		go func() { <-time.After(time.Hour); close(w.open) }()
		if g.doOn(w, get("/")); w.body.String() != body || len(w.flushes) != 1 || w.writes > 6 {
			t.Errorf("%d bytes, %d writes, %d flushes", w.body.Len(), w.writes, len(w.flushes))
		}
	})
}

// counter counts the writes.
type counter struct {
	slowWriter
	writes int
}

func (w *counter) Write(p []byte) (int, error) {
	w.writes++
	return w.slowWriter.Write(p)
}

// cutWriter is stuck until a deadline is set.
type cutWriter struct {
	deadlineRecorder
	late chan struct{}
	once sync.Once
}

func newCutWriter() *cutWriter { return &cutWriter{late: make(chan struct{})} }

func (w *cutWriter) Write([]byte) (int, error) { <-w.late; return 0, errors.New("timeout") }

func (w *cutWriter) SetWriteDeadline(time.Time) error {
	w.once.Do(func() { close(w.late) })
	return nil
}

// A client that leaves ends the wait for it, whether the application runs or not.
func TestClientLeavesWhileTheResponseWaits(t *testing.T) {
	for name, worker := range map[string]func(*fakeWorker){
		"produced": inBlocks(text(1<<20), 10_000),
		"running": func(w *fakeWorker) {
			w.respond(0, "200 OK", text(1000))
			<-w.call.left
			w.fail("disconnected", "")
			w.done()
		},
		"without room": func(w *fakeWorker) {
			w.respond(0, "200 OK", text(1000))
			w.block(0, text(4<<20))
			<-w.call.left
			w.fail("application", "Traceback")
			w.done()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, leave := context.WithCancel(context.Background())
			g := newRig(worker)
			store := g.withSpool(t, 2<<20)
			time.AfterFunc(time.Hour, leave)
			if !g.doOn(newCutWriter(), get("/").WithContext(ctx)) {
				t.Errorf("%s: not cut", name)
			}
			if d := g.done[0]; d.Failure != "the client left" || d.Bytes != 0 || d.Took < time.Hour {
				t.Errorf("%s: done %+v", name, d)
			}
			if strings.Contains(g.log.String(), "level=ERROR") {
				t.Errorf("%s: the log says\n%s", name, g.log.String())
			}
			if _, leaves := g.slots[0].counts(); name == "produced" && leaves != 0 {
				t.Errorf("%s: the worker was told %d times", name, leaves)
			}
			g.checkFreed(t)
			g.checkEmpty(t, store)
		})
	}
}

// What was produced before a failure reaches the client, and then the connection is cut.
func TestFailureBehindASlowClient(t *testing.T) {
	begin := func(w *fakeWorker) {
		w.respond(0, "200 OK", "be")
		works(w, time.Second) // it has been sent
		w.block(0, "fo")
		w.block(0, "re")
	}
	for name, worker := range map[string]func(*fakeWorker){
		"raised":   func(w *fakeWorker) { begin(w); w.fail("application", "Traceback"); w.done() },
		"died":     begin,
		"too long": func(w *fakeWorker) { begin(w); works(w, time.Hour); w.block(final, "late") },
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newRig(worker)
			g.opts.RequestTimeout = time.Minute
			w := &slower{slowWriter{open: make(chan struct{})}}
			go func() { <-time.After(2 * time.Hour); close(w.open) }()
			if !g.doOn(w, get("/")) || w.body.String() != "before" || !slices.Equal(w.flushes, []int{2, 6}) {
				t.Errorf("%s: %q, flushed at %d, or not cut", name, w.body.String(), w.flushes)
			}
			if d := g.done[0]; d.Failure == "" || d.Bytes != 6 {
				t.Errorf("%s: done %+v", name, d)
			}
		})
	}
}

// slower is a client that takes the first piece at once.
type slower struct{ slowWriter }

func (w *slower) Write(p []byte) (int, error) {
	if w.body.Len() == 0 {
		return w.plainRecorder.Write(p)
	}
	return w.slowWriter.Write(p)
}

// panicking is a writer of somebody else's.
type panicking struct {
	plainRecorder
	cause any
}

func (w *panicking) Write([]byte) (int, error) { panic(w.cause) }

func TestWriterThatPanics(t *testing.T) {
	for cause, lines := range map[any]int{"oops": 1, http.ErrAbortHandler: 0} {
		g := newRig(func(w *fakeWorker) {
			w.respond(0, "200 OK", "a")
			<-w.call.left
			w.fail("disconnected", "")
			w.done()
		})
		if !g.doOn(&panicking{cause: cause}, get("/")) {
			t.Errorf("%v: not cut", cause)
		}
		if n := strings.Count(g.log.String(), "level=ERROR"); n != lines {
			t.Errorf("%v: the log says\n%s", cause, g.log.String())
		}
		g.checkFreed(t)
		g.checkEmpty(t, nil)
	}
}

// A file that cannot be read back cuts the response; the slot is not harmed.
func TestFileThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(inBlocks(text(1<<20), 10_000))
		store, create := g.withSpool(t, 0), g.responses.create
		g.responses.create = func() (spoolFile, error) {
			f, err := create()
			return unreadable{f}, err
		}
		w := &slowWriter{open: make(chan struct{})}
		go func() { <-time.After(time.Hour); close(w.open) }()
		if !g.doOn(w, get("/")) || !strings.Contains(g.log.String(), "could not be read from its file") {
			t.Errorf("not cut, or the log does not say why:\n%s", g.log.String())
		}
		g.checkFreed(t)
		g.checkEmpty(t, store)
	})
}

type unreadable struct{ spoolFile }

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }
