//go:build !windows

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"highball/internal/control"
)

// Orders that may be about one of several applications.

func (c *ctl) reload() *cobra.Command {
	var app string
	cmd := c.order("reload [APP]", "Start workers with the code as it is now in place of the old ones",
		"The command returns when the new code serves. If it does not start, the old one serves on, and its traceback is printed.\n"+
			"APP is the name of one of several applications, as `highball ctl status` lists them; without it all are reloaded, one after the other.",
		"the new code serves", func(client *control.Client, ctx context.Context) error { return client.Reload(ctx, app) })
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		app, err = oneName(cmd, args)
		return err
	}
	return cmd
}

func (c *ctl) scale() *cobra.Command {
	var app string
	cmd := c.orderWith("scale N [APP]", "Change how many workers are kept",
		"The command does not wait until they have started or ended.\n"+
			"APP is the name of one of several applications; without it N are divided among all, as they are now.",
		"%d workers are kept from now on", func(client *control.Client, ctx context.Context, n int) error { return client.Scale(ctx, app, n) })
	number := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) (err error) {
		app, err = oneName(cmd, args[min(1, len(args)):])
		if err != nil {
			return err
		}
		return number(cmd, args[:min(1, len(args))])
	}
	return cmd
}

// oneName takes one argument at most.
func oneName(cmd *cobra.Command, args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", nil
	case 1:
		return args[0], nil
	}
	return "", usageError{fmt.Errorf("unexpected argument %q", args[1]), cmd.CommandPath()}
}

// appText is "shop: ready, at shop.example.com/ and *.shop.example.com/, 2 ready, 0 in flight, ...".
func appText(a control.App, workers []control.Worker) string {
	var own []control.Worker
	for _, w := range workers {
		if w.App == a.Name {
			own = append(own, w)
		}
	}
	var places []string
	for _, host := range a.Hosts {
		places = append(places, host+a.Path)
	}
	if len(places) == 0 {
		places = []string{a.Path}
	}
	return fmt.Sprintf("%s: %s at %s, %s by %s; generation %d, workers: %s; requests: %d in flight, %d served, %d waiting",
		a.Name, a.State, strings.Join(places, " "), cmp.Or(a.Application, "nothing"), a.Python, a.Generation,
		workersSummary(own), a.Requests.InFlight, a.Requests.Served, a.Queue.Waiting)
}

// withApps begins a table with the column of the applications, where there are several.
func withApps(rows [][]string, of []string) [][]string {
	if !slices.ContainsFunc(of, func(app string) bool { return app != "" }) {
		return rows
	}
	rows[0] = append([]string{"APP"}, rows[0]...)
	for i, app := range of {
		rows[i+1] = append(cells(app), rows[i+1]...)
	}
	return rows
}
