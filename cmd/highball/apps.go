//go:build !windows

package main

import (
	"fmt"
	"strings"
	"time"

	"highball"
	"highball/internal/settings"
)

// applications are several, of [[app]] and of mount; nil where there is one.
func applications(v settings.Values, logs logs) (apps []highball.App) {
	for _, entry := range v.Entries("app") {
		apps = append(apps, highball.App{
			Name: entry.String("name"), Hosts: entry.List("host"), Path: entry.String("path"), Config: oneConfig(entry, logs),
		})
	}
	mounts := v.List("mount")
	if len(mounts) == 0 {
		return apps
	}
	if v.String("app") != "" {
		config := oneConfig(v, logs)
		config.Static = nil
		apps = append(apps, highball.App{Config: config})
	}
	for _, text := range mounts {
		m, _ := parseMount(text) // was checked
		config := oneConfig(v, logs)
		config.App, config.WarmUp, config.Static = m.Config.App, nil, nil // which the whole server has
		m.Config = config
		apps = append(apps, m)
	}
	return apps
}

// parseMount reads "[HOST]/PATH=APP".
func parseMount(text string) (app highball.App, err error) {
	place, target, ok := strings.Cut(text, "=")
	slash := strings.IndexByte(place, '/')
	if !ok || slash < 0 || target == "" {
		return app, fmt.Errorf("mount: %q is not /PATH=APP or HOST/PATH=APP", text)
	}
	if host := place[:slash]; host != "" {
		app.Hosts = []string{host}
	}
	app.Path, app.Config.App = place[slash:], target
	return app, nil
}

// checkApps finds what the kinds of the settings do not.
func checkApps(v settings.Values) error {
	for _, text := range v.List("mount") {
		if _, err := parseMount(text); err != nil {
			return fmt.Errorf("%s: %w", v.Source("mount"), err)
		}
	}
	if source := v.Source("warmup"); len(v.Entries("app")) > 0 && source != settings.SourceDefault {
		return fmt.Errorf("%s: warmup: write it in the [[app]] whose paths are meant", source)
	}
	return nil
}

// watchFiles notes the files whose change reloads all applications, or one.
func watchFiles(v settings.Values, apps []highball.App) (all []*touched, err error) {
	watch := func(app string, paths []string) {
		t, problem := watchTouched(paths)
		if problem != nil {
			err = problem
			return
		}
		t.app = app
		all = append(all, t)
	}
	watch("", v.List("touch-reload"))
	for i, entry := range v.Entries("app") {
		watch(apps[i].Label(), entry.List("touch-reload"))
	}
	return all, err
}

// startTimeout is how long a start may take: as long as that of the application that may
// take the longest.
func startTimeout(cfg highball.Config) time.Duration {
	longest := cfg.StartTimeout
	for i, app := range cfg.Apps {
		if own := app.Config.StartTimeout; i == 0 || own < 0 || own > longest && longest >= 0 {
			longest = own
		}
	}
	return longest
}
