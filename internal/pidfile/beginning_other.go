//go:build !linux && !windows

package pidfile

import "time"

// beginning is not known.
func beginning(int) (time.Time, bool) { return time.Time{}, false }
