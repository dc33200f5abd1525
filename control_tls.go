package highball

import "highball/internal/control"

// certificateStates are the certificates of files, then those that are got. One for
// development is neither.
func (s *Server) certificateStates() (all []control.Certificate) {
	if s.certificates == nil {
		return nil
	}
	for _, c := range s.certificates.States() {
		all = append(all, control.Certificate{Names: c.Names, Until: &c.Until, From: c.From, Problem: c.Problem})
	}
	if s.automatic.acme == nil {
		return all
	}
	for _, c := range s.automatic.acme.States() {
		one := control.Certificate{Names: []string{c.Name}, From: c.From, Problem: c.Problem}
		if !c.Until.IsZero() {
			one.Until = &c.Until
		}
		all = append(all, one)
	}
	return all
}
