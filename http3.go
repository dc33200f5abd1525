package highball

import (
	"context"
	"fmt"
	"strings"

	"highball/internal/front"
	"highball/internal/listen"
)

// altSvcAge is for how long clients may remember that there is HTTP/3, in seconds: a day.
const altSvcAge = 24 * 60 * 60

// listenPacket opens the UDP socket of an address, or takes it of Config.Sockets.
func (r *run) listenPacket(ctx context.Context, given *listen.Inherited, a listen.Address) (err error) {
	p := given.TakePacket(ctx, a)
	if p != nil {
		r.inherited = append(r.inherited, p.Name())
	} else if p, err = listen.ListenPacket(ctx, a); err != nil {
		return err
	}
	r.packets = append(r.packets, p)
	return nil
}

// listeningQUIC is listening for UDP sockets.
func (r *run) listeningQUIC() front.Listening {
	return front.Listening{TLS: r.s.certificates.Config("h3"), Variables: r.s.certificates.Variables}
}

// announceHTTP3 has responses by https say on which ports there is HTTP/3.
func (r *run) announceHTTP3() {
	var services []string
	for _, p := range r.packets {
		services = append(services, fmt.Sprintf(`h3=":%d"; ma=%d`, p.Port(), altSvcAge))
	}
	if len(services) > 0 {
		r.front.Announce(strings.Join(services, ", "))
	}
}

// offerPackets gives the UDP sockets for another process, and beside each the socket
// over which the two share its packets.
func (r *run) offerPackets() (sockets []Socket, err error) {
	for _, p := range r.packets {
		file, err := p.Duplicate()
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		sockets = append(sockets, Socket{Address: p.Name(), File: file})
		relay, err := p.Offer()
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		sockets = append(sockets, Socket{Address: relay.Name(), File: relay})
	}
	return sockets, nil
}

func closeAll(sockets []Socket) {
	for _, s := range sockets {
		_ = s.File.Close()
	}
}
