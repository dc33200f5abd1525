//go:build !linux

package worker

import "errors"

// Memory is not known here.
func (w *Worker) Memory() (int64, error) { return 0, errors.ErrUnsupported }
