package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"time"

	"github.com/quic-go/quic-go/http3"
)

// measureH3 has as many streams as measureH2, by quic-go's own client, which takes more
// of the machine than the server does: what a request costs is what counts. The peers
// have no HTTP/3.
func measureH3(ctx context.Context, b *bench) ([]row, error) {
	own, err := b.secure()
	if err != nil {
		return nil, err
	}
	plain := *own
	own.commandFor = func(kind serverKind, addr string) *exec.Cmd {
		cmd := plain.command(kind, "hello", addr)
		cmd.Args = append(cmd.Args, "--bind", "h3://"+addr)
		return cmd
	}
	servers, stop, err := own.startAll(ctx, []serverKind{highball}, "hello", "/")
	defer stop()
	if err != nil {
		return nil, err
	}
	loads, err := b.interleave(servers, func(s *server, d time.Duration) (load, error) { return s.putH3(ctx, d) })
	if err != nil {
		return nil, err
	}
	return []row{
		newRow("h3", fmt.Sprintf("%d streams on each of %d connections: throughput", streams, multiplexed), "requests/s", loads, perSecond),
		newRow("h3", "CPU per request", "us", loads, func(l load) float64 { return l.CPU }),
	}, nil
}

// putH3 asks on all streams for so long.
func (s *server) putH3(ctx context.Context, d time.Duration) (load, error) {
	clients := make([]*client, multiplexed*streams) // a name for a goroutine
	transports := map[*client]*http3.Transport{}
	for i := range clients {
		clients[i] = &client{}
		if i%streams == 0 {
			t := &http3.Transport{TLSClientConfig: clientTLS()}
			defer t.Close()
			transports[clients[i]] = t
		} else {
			transports[clients[i]] = transports[clients[i-i%streams]]
		}
	}
	one := func(c *client) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.addr+"/", nil)
		if err != nil {
			return err
		}
		response, err := transports[c].RoundTrip(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s: %w", response.Status, err)
		}
		return nil
	}
	return s.measure(func(began time.Time) ([]time.Duration, error) {
		return passAll(ctx, clients, one, began.Add(d))
	})
}
