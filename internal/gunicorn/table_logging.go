package gunicorn

// loggingSettings are those of logs and names.
func loggingSettings() []Setting {
	return []Setting{
		{
			Name: "accesslog", Section: "Logging", Flags: "--access-logfile", Meta: "FILE", Kind: Text, Fate: Same, To: "access-log",
			carry: (*translator).accessLog,
		},
		{
			Name: "disable_redirect_access_to_syslog", Section: "Logging", Flags: "--disable-redirect-access-to-syslog", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "nothing goes to syslog",
		},
		{
			Name: "access_log_format", Section: "Logging", Flags: "--access-logformat", Meta: "STRING", Kind: Text, Default: `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`, Fate: Same, To: "access-log-format",
			Note:  "with accesslog; the default is gunicorn's",
			carry: (*translator).nothing,
		},
		{
			Name: "errorlog", Section: "Logging", Flags: "--error-logfile --log-file", Meta: "FILE", Kind: Text, Default: "-", Fate: Same, To: "error-log",
			carry: (*translator).errorLog,
		},
		{
			Name: "loglevel", Section: "Logging", Flags: "--log-level", Meta: "LEVEL", Kind: Text, Default: "info", Fate: Same, To: "log-level",
			Note:  "critical is error",
			carry: (*translator).level,
		},
		{
			Name: "capture_output", Section: "Logging", Flags: "--capture-output", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "what workers print is always in the log",
		},
		{
			Name: "logger_class", Section: "Logging", Flags: "--logger-class", Meta: "STRING", Kind: Class, Default: "gunicorn.glogging.Logger", Fate: Same, To: "logger-class",
			carry: (*translator).loggerClass,
		},
		{
			Name: "logconfig", Section: "Logging", Flags: "--log-config", Meta: "FILE", Kind: Text, Fate: Mapped, To: "log-config",
			carry: (*translator).logConfig,
		},
		{
			Name: "logconfig_dict", Section: "Logging", Kind: Dict, Default: map[string]any{}, Fate: Mapped, To: "log-config",
			carry: (*translator).logConfig,
		},
		{
			Name: "logconfig_json", Section: "Logging", Flags: "--log-config-json", Meta: "FILE", Kind: Text, Fate: Mapped, To: "log-config",
			carry: (*translator).logConfig,
		},
	}
}

// loggingTargets are those of where else logs go, and of names.
func loggingTargets() []Setting {
	return []Setting{
		{
			Name: "syslog_addr", Section: "Logging", Flags: "--log-syslog-to", Meta: "SYSLOG_ADDR", Kind: Text, Default: "udp://localhost:514", Fate: Left,
			Note: "only with syslog, which is refused",
		},
		{
			Name: "syslog", Section: "Logging", Flags: "--log-syslog", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "nothing is sent to syslog: log to standard error, which journald and containers collect, or pipe it into logger(1)",
		},
		{
			Name: "syslog_prefix", Section: "Logging", Flags: "--log-syslog-prefix", Meta: "SYSLOG_PREFIX", Kind: Text, Fate: Left,
			Note: "only with syslog, which is refused",
		},
		{
			Name: "syslog_facility", Section: "Logging", Flags: "--log-syslog-facility", Meta: "SYSLOG_FACILITY", Kind: Text, Default: "user", Fate: Left,
			Note: "only with syslog, which is refused",
		},
		{
			Name: "enable_stdio_inheritance", Section: "Logging", Flags: "-R --enable-stdio-inheritance", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "what workers print is always in the log",
		},
		{
			Name: "statsd_host", Section: "Logging", Flags: "--statsd-host", Meta: "STATSD_ADDR", Kind: Address, Fate: Same, To: "statsd",
			carry: (*translator).statsd,
		},
		{
			Name: "dogstatsd_tags", Section: "Logging", Flags: "--dogstatsd-tags", Meta: "DOGSTATSD_TAGS", Kind: Text, Default: "", Fate: Same, To: "statsd-tags",
			Note:  "with statsd_host",
			carry: (*translator).nothing,
		},
		{
			Name: "statsd_prefix", Section: "Logging", Flags: "--statsd-prefix", Meta: "STATSD_PREFIX", Kind: Text, Default: "", Fate: Same, To: "statsd-prefix",
			Note:  "with statsd_host; `.gunicorn` follows it, as gunicorn has it in its names",
			carry: (*translator).nothing,
		},
		{
			Name: "enable_backlog_metric", Section: "Logging", Flags: "--enable-backlog-metric", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "requests do not wait in the backlog but in the queue, which `highball ctl status` shows",
		},
		{
			Name: "proc_name", Section: "Process Naming", Flags: "-n --name", Meta: "STRING", Kind: Text, Fate: Same, To: "proc-name",
			carry: (*translator).text,
		},
		{
			Name: "default_proc_name", Section: "Process Naming", Kind: Text, Default: "gunicorn", Fate: Left,
			Note:  "processes are named by proc_name alone",
			carry: (*translator).nothing,
		},
	}
}
