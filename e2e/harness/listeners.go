package harness

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// listenerFlags are the flags that the listeners need beyond their --bind.
func listenerFlags() map[string][]string {
	c := theCertificate()
	secure := []string{"--certfile", c.cert, "--keyfile", c.key}
	return map[string][]string{
		"https": secure,
		"h3":    secure,
		"uwsgi": {"--trusted-proxies", "127.0.0.1"},
	}
}

// Listening adds to the options all listeners that the binary has beside the one of
// plain HTTP.
func Listening(o Options) Options {
	if OtherEngine() {
		return o
	}
	for _, w := range Spoken() {
		o = listeningFor(o, w)
	}
	return o
}

func listeningFor(o Options, w Wire) Options {
	bind := bindOf(w.Listener)
	if w.Listener == "http" || slices.Contains(o.Binds, bind) {
		return o
	}
	o.Binds = append(slices.Clip(o.Binds), bind)
	flags := listenerFlags()[w.Listener]
	if len(flags) > 0 && !slices.Contains(o.Args, flags[0]) {
		o.Args = append(slices.Clip(o.Args), flags...)
	}
	return o
}

func bindOf(protocol string) string { return protocol + "://127.0.0.1:0" }

// Refusal is why a wire cannot be spoken with the binary; "" if it can.
func Refusal(w Wire) string {
	switch {
	case OtherEngine() && !w.Can(PlainHTTP):
		return "net/http's server has no such listener"
	case w.Listener == "http":
		return ""
	}
	return refusals()[w.Listener]
}

// refusals asks the binary for each listener by starting it.
var refusals = sync.OnceValue(func() map[string]string {
	var mu sync.Mutex
	var wg sync.WaitGroup
	found := map[string]string{}
	for _, w := range Wires() {
		if w.Listener == "http" || w.Name == "h2" { // https is asked for already
			continue
		}
		wg.Go(func() {
			refusal := tryToListen(w)
			mu.Lock()
			defer mu.Unlock()
			found[w.Listener] = refusal
		})
	}
	wg.Wait()
	return found
})

// tryToListen starts a server that listens for a wire as well.
func tryToListen(w Wire) string {
	if err := theCertificate().err; err != nil {
		return err.Error()
	}
	pythons := Pythons()
	if len(pythons) == 0 {
		return "no Python was found"
	}
	s, err := Launch(listeningFor(Options{App: "hello/wsgi.py", Python: pythons[len(pythons)-1].Path, Args: []string{"--workers", "1"}}, w))
	if err == nil {
		defer s.Stop()
		return silence(s, w)
	}
	said := strings.TrimSpace(s.Tail(3))
	return fmt.Sprintf("the binary refuses %s: %s", bindOf(w.Listener), cmp.Or(said, err.Error()))
}

// silence is why nobody answers, though the bind was taken. The listener of HTTP/3 has
// a socket of UDP: where another can have the address, it has none.
func silence(s *Server, w Wire) string {
	if w.Listener != "h3" {
		return ""
	}
	c, err := net.ListenPacket("udp", s.Where(w.Listener))
	if err != nil {
		return ""
	}
	_ = c.Close()
	return fmt.Sprintf("the binary takes %s, and does not listen on UDP", bindOf(w.Listener))
}
