package certs

import (
	"crypto/rand"
	"crypto/tls"
	"time"
)

// A session ticket is sealed by the newest key and opened by any: a client resumes its
// session within a day at least, and what it was sealed by is gone after a day and a half.
const (
	ticketEvery = 12 * time.Hour
	ticketKeys  = 3
)

// rotate makes a new key when it is time, for all configs. It needs mu.
func (s *Store) rotate() {
	if now := s.options.Now(); len(s.keys) == 0 || now.Sub(s.rotated) >= ticketEvery {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails
		s.keys = append([][32]byte{key}, s.keys[:min(len(s.keys), ticketKeys-1)]...)
		s.rotated = now
		for _, config := range s.configs {
			config.SetSessionTicketKeys(s.keys)
		}
	}
}

// seal gives a config the keys, those of today and those to come. It needs mu.
func (s *Store) seal(config *tls.Config) {
	s.rotate()
	config.SetSessionTicketKeys(s.keys)
	s.configs = append(s.configs, config)
}
