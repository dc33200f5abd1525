package uwsgiconf

import (
	"slices"
	"strconv"
)

// uwsgiDefault is the place of what no option says, and is otherwise than Highball's default.
const uwsgiDefault = "uWSGI's default"

func workerRows() []Option {
	return []Option{
		mapped("processes workers", "workers", "1 unless it is given", number("workers", "")),
		mapped("threads", "threads", "1 unless it is given", number("threads", "")),
		obeyed("enable-threads no-threads-wait", "threads of the application run"),
		mapped("lazy-apps lazy", "preload", "without it the application is imported before the workers are forked, here as there", keep),
		obeyed("master master-as-root", "there always is a process that holds the sockets and looks after the workers"),
		left("cheaper cheap cheaper-* idle die-on-idle", "the number of workers is fixed: `workers`, which with uWSGI is the largest; `highball ctl scale N` changes it"),
		mapped("max-requests", "max-requests", "the next worker is ready before the old one goes", number("max-requests", "")),
		mapped("max-requests-delta", "max-requests-jitter", "uWSGI adds DELTA times the worker's number, Highball up to DELTA times their number, at random", keep),
		mapped("max-worker-lifetime", "max-worker-lifetime", "", number("max-worker-lifetime", "s")),
		left("max-worker-lifetime-delta min-worker-lifetime", "lifetimes differ by up to a tenth by themselves"),
		mapped("reload-on-rss evil-reload-on-rss", "max-worker-memory", "in MB, looked at every second and not only after a request", number("max-worker-memory", "MiB")),
		left("reload-on-as evil-reload-on-as limit-as", "address space says little: use reload-on-rss, or MemoryMax= of systemd"),
		left("cheaper-rss-limit-soft cheaper-rss-limit-hard", "use `memory-budget`"),
		left("cpu-affinity prio limit-nproc thread-stack-size thread-stacksize threads-stack-size threads-stacksize", "use CPUAffinity=, Nice=, LimitNPROC= and LimitSTACK= of systemd"),
		obeyed("thunder-lock lock-engine locks reaper close-on-exec close-on-exec2 no-orphans die-on-term exit-on-reload vacuum", "SIGTERM stops, sockets are removed, and no worker outlives the server"),
		left("worker-mount", "workers are forked by a process of each version of the code"),
	}
}

// chooseWorkers gives what uWSGI's defaults are, where an application would notice the difference.
func (t *translator) chooseWorkers() {
	workers := 1
	if e, ok := t.lastOf("processes", "workers"); ok {
		workers, _ = strconv.Atoi(e.Value)
	} else {
		t.Give(uwsgiDefault, "workers", "1")
	}
	if _, ok := t.last["threads"]; !ok {
		t.Give(uwsgiDefault, "threads", "1")
	}
	lazy, ok := t.lastOf("lazy-apps", "lazy")
	switch {
	case !ok:
		t.Give(uwsgiDefault, "preload", "true")
	default:
		t.Give(lazy.Place, "preload", strconv.FormatBool(!isTrue(lazy.Value)))
	}
	if e, ok := t.last["max-requests-delta"]; ok && !slices.Contains([]string{"", "0"}, t.valueOf("max-requests")) {
		if n, ok := t.count(e); ok {
			t.Give(e.Place, "max-requests-jitter", strconv.Itoa(n*workers))
		}
	}
	if _, ok := t.last["harakiri"]; !ok {
		t.Give(uwsgiDefault, "request-timeout", "0")
	}
}

// lastOf is the option that counts, of those with one meaning.
func (t *translator) lastOf(names ...string) (Entry, bool) {
	for _, name := range names {
		if e, ok := t.last[name]; ok {
			return e, true
		}
	}
	return Entry{}, false
}

func timeRows() []Option {
	return []Option{
		mapped("harakiri", "request-timeout", "answered 504, with the stack in the log, and the worker lives on if it yields; unlimited unless it is given; 0 is no limit", number("request-timeout", "s")),
		obeyed("harakiri-verbose", "the stack of a request that takes too long is always logged"),
		left("harakiri-no-arh no-harakiri-arh no-harakiri-after-req-hook harakiri-graceful-timeout harakiri-graceful-signal harakiri-queue-threshold", "`highball.RequestTimeout` is raised in the request's thread; a worker that does not yield within 5 s is replaced"),
		mapped("reload-mercy worker-reload-mercy", "drain-timeout", "25 s unless it is given, where uWSGI waits 60", number("drain-timeout", "s")),
		mapped("socket-timeout", "body-timeout", "", number("body-timeout", "s")),
		mapped("http-timeout", "body-timeout send-timeout", "the longest pause of a client, in either direction", func(t *translator, e Entry) {
			number("body-timeout", "s")(t, e)
			number("send-timeout", "s")(t, e)
		}),
		mapped("http-headers-timeout", "header-timeout", "", number("header-timeout", "s")),
		mapped("http-keepalive", "keepalive-timeout", "without a value Highball's default", func(t *translator, e Entry) {
			if e.Value != "" && e.Value != "1" && e.Value != "true" {
				number("keepalive-timeout", "s")(t, e)
			}
		}),
		mapped("so-send-timeout socket-send-timeout so-write-timeout socket-write-timeout", "send-timeout", "", number("send-timeout", "s")),
		obeyed("so-keepalive tcp-nodelay no-defer-accept", "TCP keep-alive and TCP_NODELAY are on"),
		left("http-connect-timeout heartbeat http-harakiri http-gracetime tcp-fast-open tcp-fastopen tcp-fast-open-client tcp-fastopen-client freebind so-* socket-rcvbuf socket-sndbuf", "the kernel's defaults are used"),
	}
}

func reloadRows() []Option {
	return []Option{
		mapped("touch-reload touch-workers-reload", "touch-reload", "no request is refused meanwhile", files("touch-reload")),
		mapped("touch-chain-reload", "touch-reload reload-mode", "one worker after the other", func(t *translator, e Entry) {
			t.append(e.Place, "touch-reload", t.below(e.Value))
			t.Give(e.Place, "reload-mode", "rolling")
		}),
		mapped("py-autoreload py-auto-reload python-autoreload python-auto-reload", "reload-on-change", "at once, not every N seconds; 0 is off", func(t *translator, e Entry) {
			if n, ok := t.count(e); ok {
				t.Give(e.Place, "reload-on-change", strconv.FormatBool(n > 0))
			}
		}),
		left("py-auto-reload-ignore", "use touch-reload for what is deployed"),
		mapped("fs-reload fs-brutal-reload", "reload-extra", "", files("reload-extra")),
		left("touch-logreopen touch-logrotate", "SIGUSR1 has log files opened again"),
		refused("touch-exec touch-signal touch-mules-reload touch-spoolers-reload fs-signal brutal-reload-on-fd reload-on-fd propagate-touch", "use a path unit of systemd (PathChanged=)"),
	}
}
