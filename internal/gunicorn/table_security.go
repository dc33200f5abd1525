package gunicorn

// securitySettings are those of limits of requests, and debugging.
func securitySettings() []Setting {
	return []Setting{
		{
			Name: "limit_request_line", Section: "Security", Flags: "--limit-request-line", integer: true, Meta: "INT", Kind: Number, Default: int64(4094), Fate: Mapped, To: "limit-request-line",
			Note:  "where it is given, up to 8190 as in gunicorn, and 64 KiB for its 0; else Highball's 16 KiB",
			carry: (*translator).limitLine,
		},
		{
			Name: "limit_request_fields", Section: "Security", Flags: "--limit-request-fields", integer: true, Meta: "INT", Kind: Number, Default: int64(100), Fate: Same, To: "limit-request-fields",
			carry: (*translator).limitFields,
		},
		{
			Name: "limit_request_field_size", Section: "Security", Flags: "--limit-request-field_size", integer: true, Meta: "INT", Kind: Number, Default: int64(8190), Fate: Mapped, To: "limit-request-head",
			Note:  "the head as a whole is limited, to 64 KiB, and by this to more where one field may have more",
			carry: (*translator).fieldSize,
		},
		{
			Name: "reload", Section: "Debugging", Flags: "--reload", action: setTrue, Kind: Boolean, Default: false, Fate: Mapped, To: "reload-on-change",
			Note:  "works with preload_app as well, where gunicorn goes on with the old code",
			carry: (*translator).flag,
		},
		{
			Name: "reload_engine", Section: "Debugging", Flags: "--reload-engine", Meta: "STRING", Kind: Engine, Default: "auto", Fate: Left,
			Note: "the system tells of changes, nothing is polled",
		},
		{
			Name: "reload_extra_files", Section: "Debugging", Flags: "--reload-extra-file", action: appendTo, Meta: "FILES", Kind: Files, Default: list(), Fate: Mapped, To: "reload-extra",
			carry: (*translator).files,
		},
		{
			Name: "spew", Section: "Debugging", Flags: "--spew", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "a line of log for each line of Python cannot be had: highball trace shows the steps of one request",
		},
		{
			Name: "check_config", Section: "Debugging", Flags: "--check-config", action: setTrue, Kind: Boolean, Default: false, Fate: Same,
			Note:  "configuration and application are loaded; the exit code is 0 or 1",
			carry: (*translator).nothing,
		},
		{
			Name: "print_config", Section: "Debugging", Flags: "--print-config", action: setTrue, Kind: Boolean, Default: false, Fate: Same,
			carry: (*translator).nothing,
		},
	}
}
