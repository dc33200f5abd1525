//go:build !linux

package spool

import "os"

func unnamed(dir string) (*os.File, error) { return named(dir) }

func reopen(f *os.File) (*os.File, error) { return duplicate(f) }
