package highball

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"highball/internal/listen"
	"highball/internal/worker"
)

// Development says how an application is served where it is written, for one who reads
// its errors in a browser. Each field's zero value is off.
type Development struct {
	// Debugger offers Werkzeug's interactive debugger, where Werkzeug is installed, instead
	// of pages that only show: it runs code that a browser sends. Run without it unless
	// every address of Bind is one of loopback. It needs Workers to be 1.
	Debugger bool

	// Terminal gives the worker this process's terminal, so that breakpoint() works there.
	Terminal bool
}

// slowStart is how long whoever develops is left to wait for a start without a word.
const slowStart = 5 * time.Second

// developing says whether pages show what goes wrong.
func (s *Server) developing() bool { return s.cfg.Development != nil }

// development is what a worker of one generation is told.
func (c *Config) development(code string) *worker.Development {
	if c.Development == nil {
		return nil
	}
	return &worker.Development{
		Code: code, Debugger: c.Development.Debugger && c.Workers == 1 && c.onLoopback(),
		Terminal: c.Development.Terminal, TellAfter: slowStart,
	}
}

// onLoopback says whether no other machine reaches the server. Who connects to a Unix
// socket may speak for others.
func (c *Config) onLoopback() bool {
	for _, text := range c.Bind {
		bind, err := listen.ParseBind(text)
		if err != nil {
			return false
		}
		ip, err := netip.ParseAddr(bind.Address.Host)
		if bind.Address.Host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// tellWithoutDebugger says why there is none that was asked for.
func (s *Server) tellWithoutDebugger() {
	d := s.cfg.Development
	if d == nil || !d.Debugger || s.cfg.development("").Debugger {
		return
	}
	why := "other machines reach the server: bind it to 127.0.0.1 alone"
	if s.cfg.onLoopback() {
		why = "there are several processes, of which one has the frames: --workers 1"
	}
	s.logger.Info("no debugger in the pages, they only show: " + why)
}

// tellDevelopment logs what concerns one who develops.
func (g *generation) tellDevelopment(ready worker.Ready) {
	g.s.broken.Store(ready.Broken != nil)
	if ready.Broken != nil {
		g.s.logger.Error("the application does not load, which pages show until it does: " + ready.Broken.Error())
	}
	if g.s.codes.isNews(ready.PIN) {
		g.s.logger.Info("the debugger's console asks for its PIN", "pin", ready.PIN)
	}
}

// tellFailed says that the new code does not start, and what serves in its place.
func (s *Server) tellFailed(err error) {
	if s.developing() && s.changes != nil {
		s.changes.fail(err)
		s.logger.Error("the new code does not start, which pages show until it does: " + err.Error())
		return
	}
	s.logger.Error("reload failed, the old code serves on: " + err.Error())
}

// codes names the generations of the code for pages in browsers, which ask whether
// another serves meanwhile.
type codes struct {
	mu      sync.Mutex
	run     string // a part of each name: numbers begin again with each process
	made    int
	newest  string
	serving string
	pin     string        // of the debugger, as told last
	changed chan struct{} // closed when another serves
}

func newCodes() *codes { return &codes{run: rand.Text()[:8], changed: make(chan struct{})} }

// next names a generation.
func (c *codes) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	return fmt.Sprintf("%s-%d", c.run, c.made)
}

// start notes which generation is tried.
func (c *codes) start(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = code
}

// serve notes that the one which was tried serves, or what keeps it from that.
func (c *codes) serve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.serving != c.newest {
		c.serving = c.newest
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

// current is the one that serves, and what tells of the next.
func (c *codes) current() (code string, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serving, c.changed
}

// isNews says whether a PIN was not told yet.
func (c *codes) isNews(pin string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pin == "" || pin == c.pin {
		return false
	}
	c.pin = pin
	return true
}
