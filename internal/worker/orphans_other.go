//go:build !linux

package worker

import "context"

// AdoptOrphans does nothing where the system has no subreapers.
func (c *Children) AdoptOrphans(context.Context) error { return nil }
