//go:build !linux

package front

func onlyHalfClosed(any) bool { return false }
