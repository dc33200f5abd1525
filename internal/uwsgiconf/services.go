package uwsgiconf

import "strings"

// processRows are about the process itself.
func processRows() []Option {
	return []Option{
		mapped("uid immediate-uid", "user", "", text("user")),
		mapped("gid immediate-gid", "group", "", text("group")),
		left("add-gid no-initgroups", "the user has the groups of /etc/group"),
		mapped("umask", "umask", "", text("umask")),
		mapped("pidfile safe-pidfile pidfile2 safe-pidfile2", "pid-file", "", text("pid-file")),
		mapped("procname procname-master", "proc-name", "", text("proc-name")),
		left("auto-procname procname-append procname-prefix procname-prefix-spaced", "ps shows the command line"),
		refused("chroot pivot-root pivot_root jailed force-cwd namespace namespace-* ns ns-* setns setns-* unshare unshare2 cap cgroup cgroup-*",
			"use RootDirectory=, PrivateTmp=, CapabilityBoundingSet= and the like of systemd, or a container"),
		left("memory-report", "`highball ctl workers` shows each worker's memory"),
		left("stats stats-* stats-server", "`highball ctl status` tells how the server is"),
		left("master-fifo", "`highball ctl` has its commands: reload, stop, workers"),
		left("max-fd", "use LimitNOFILE= of systemd"),
		left("notify-socket", "systemd is told by NOTIFY_SOCKET of the environment"),
		refused("reload stop pause suspend resume signal file-write connect-and-read extract get print-sym print-symbol", "use `highball ctl reload`, `highball ctl stop`, or a signal to the process"),
	}
}

// hintRows are about reading the configuration itself.
func hintRows() []Option {
	return []Option{
		obeyed("ini include inherit yaml yml json js set set-placeholder set-ph strict", "read as uWSGI does"),
		obeyed("if-* endif end-if endfor end-for for ifenv ifexists ifplugin ifdir", "`if-…` and `for` as uWSGI has them"),
		refused("for-glob for-times for-readline", "write the lines out"),
		refused("xml xmlconfig config inject-before inject-after blacklist whitelist end-blacklist end-whitelist declare-option declare-option2 fallback-config vassals-include vassals-inherit", "write the options into one ini file"),
		left("dump-options show-config version no-server test help usage", "`highball config convert uwsgi FILE` shows what a file comes to"),
	}
}

// machineryRows are uWSGI's own, that nobody outside notices.
func machineryRows() []Option {
	return []Option{
		left("ksm never-swap max-apps check-interval clock signal-bufsize signals-bufsize rbtimer pcre-jit fd-safe safe-fd persistent-ipcsem skip-zero skip-atexit skip-atexit-teardown flock flock* binary-path ftok no-fd-passing drop-after-apps drop-after-init weight auto-weight shutdown-sockets clock-list clocks-list loop-list loops-list plugin-list plugins-list router-list routers-list cflags dot-h print iprint exit use-abort backtrace-depth forkbomb-delay force-gateway command-mode", "it is about uWSGI's own machinery"),
		left("carbon carbon-* metric metric-* metrics-* enable-metrics nagios rrdtool rrdtool-* snmp snmp-* ping ping-timeout mem-collector-freq", "`highball ctl status` tells how the server is"),
		left("wait-for-* wait-iface wait-interface wait-iface-timeout wait-interface-timeout mountpoint-check check-mount check-mountpoint", "use After=, Requires= and RequiresMountsFor= of systemd"),
	}
}

// serviceRows are what uWSGI does beside serving.
func serviceRows() []Option {
	return []Option{
		mapped("hook-master-start", "", "`unix_signal:15 gracefully_kill_them_all` is what SIGTERM does anyway; others are refused", func(t *translator, e Entry) {
			if strings.Join(strings.Fields(e.Value), " ") != "unix_signal:15 gracefully_kill_them_all" {
				t.Refuse(e.Place, e.Key, hooksAdvice)
			}
		}),
		refused("hook-* call-* exec-* mount-* umount-* after-request-hook after-request-call symcall symcall-* refork re-fork refork-* re-fork-*", hooksAdvice),
		refused("cron cron2 unique-cron unique-cron-legion cron-legion cron-harakiri unique-legion-cron timer signal-timer signal-rbtimer", "use a timer of systemd or cron"),
		refused("attach-daemon attach-daemon2 attach-control-daemon smart-attach-daemon smart-attach-daemon2 daemons-honour-stdin honour-stdin", "give the program a unit of systemd, or a container, of its own"),
		refused("spooler spooler-*", "use a queue with a worker of its own (Celery, RQ, a systemd unit)"),
		refused("mule mules farm mule-*", "give the program a unit of systemd, or a container, of its own"),
		left("cache cache-* cache2 add-cache-item check-cache queue queue-* sharedarea rpc-max", "the module uwsgi has no cache, queue or memory here, its calls are AttributeErrors: use Redis or memcached"),
		refused("emperor emperor-* vassal-* vassals-* early-emperor imperial-monitor-list imperial-monitors-list zergpool", "give each application a unit of systemd (`highball@.service`), or an `[[app]]` entry"),
		refused("legion legion-* subscribe st subscribe-* subscribe2 subscription-* subscriptions-* fastrouter fastrouter-* rawrouter rawrouter-* sslrouter sslrouter-* sslrouter2 multicast multicast-* start-unsubscribed unsubscribe-on-graceful-reload", "put nginx or HAProxy in front"),
		refused("cgi-mode binsh binary-append-data resolve dlopen build-plugin privileged-binary-patch unprivileged-binary-patch privileged-binary-patch-arg unprivileged-binary-patch-arg", "Highball serves Python's WSGI alone"),
	}
}

const hooksAdvice = "use ExecStartPre= and the like of systemd, or a module of `hooks`"
