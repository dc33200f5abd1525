//go:build !windows

package main

import (
	"slices"
	"strings"

	"highball"
	"highball/internal/listen"
	"highball/internal/settings"
)

// givenSockets are those that a service manager, or another parent, has opened for this
// process: the descriptors that bind names, and all of systemd's.
func givenSockets(binds, environ []string) ([]highball.Socket, error) {
	var sockets []highball.Socket
	var numbers []int
	take := func(g listen.Given) {
		sockets = append(sockets, highball.Socket{Address: g.Name, File: g.File, Idle: g.Idle})
	}
	for _, bind := range binds {
		b, err := listen.ParseBind(bind)
		fd, ok := b.Address.Descriptor()
		if err != nil || !ok || slices.Contains(numbers, fd) {
			continue // what is wrong with it is told by the server
		}
		numbers = append(numbers, fd)
		g, err := listen.FromDescriptor(fd)
		if err != nil {
			return nil, err
		}
		take(g)
	}
	given, err := listen.FromSystemd(getenv(environ), numbers...)
	for _, g := range given {
		take(g)
	}
	return sockets, err
}

// bindsFor are the addresses of the settings or, where they name none and systemd has
// given sockets, these; none where the kind of https says where it is to be.
func bindsFor(v settings.Values, sockets []highball.Socket) []string {
	ofSystemd := func(s highball.Socket) bool { return strings.HasPrefix(s.Address, listen.AllOfSystemd) }
	switch {
	case v.Source("bind") != settings.SourceDefault:
	case slices.ContainsFunc(sockets, ofSystemd):
		return []string{listen.AllOfSystemd}
	case len(v.List("https"))+len(v.List("acme-on-demand")) > 0 || v.Bool("local-https"):
		return nil
	}
	return v.List("bind")
}
