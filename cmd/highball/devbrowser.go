//go:build !windows

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"highball"
	"highball/internal/listen"
)

// openBrowser shows a page in the user's browser.
func openBrowser(srv server, url string, environ []string) error {
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	if url == "" {
		return errors.New("no address of --bind is one that a browser opens")
	}
	path := findProgram(name, "/", getenv(environ)("PATH"))
	if path == "" {
		return fmt.Errorf("this machine has no %s: open %s", name, url)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	_, _, err = srv.StartProcess(path, []string{name, url}, &os.ProcAttr{Env: environ, Files: []*os.File{null, null, null}})
	return err
}

// urlOf is the first address that a browser opens; "" if there is none.
func urlOf(cfg *highball.Config) string {
	standard := highball.DefaultBind
	if cfg.LocalHTTPS {
		standard = highball.DefaultLocalBind
	}
	binds := cfg.Bind
	if len(binds) == 0 {
		binds = []string{standard}
	}
	for _, text := range binds {
		bind, err := listen.ParseBind(text)
		if err != nil || bind.Address.Port == 0 {
			continue
		}
		if url := bind.URL(); strings.HasPrefix(url, "http") {
			return url
		}
	}
	return ""
}
