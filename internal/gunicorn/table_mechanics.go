package gunicorn

// mechanicsSettings are those of how the server runs.
func mechanicsSettings() []Setting {
	return []Setting{
		{
			Name: "preload_app", Section: "Server Mechanics", Flags: "--preload", action: setTrue, Kind: Boolean, Default: false, Fate: Same, To: "preload",
			carry: (*translator).flag,
		},
		{
			Name: "sendfile", Section: "Server Mechanics", Flags: "--no-sendfile", action: setFalse, Kind: Boolean, Fate: Left,
			Note: "files go out by sendfile(2) wherever that is possible",
		},
		{
			Name: "reuse_port", Section: "Server Mechanics", Flags: "--reuse-port", action: setTrue, Kind: Boolean, Default: false, Fate: Same, To: "reuse-port",
			carry: (*translator).flag,
		},
		{
			Name: "chdir", Section: "Server Mechanics", Flags: "--chdir", Kind: Directory, Fate: Same, To: "chdir",
			carry: (*translator).directory,
		},
		{
			Name: "daemon", Section: "Server Mechanics", Flags: "-D --daemon", action: setTrue, Kind: Boolean, Default: false, Fate: Same, To: "daemon",
			carry: (*translator).flag,
		},
		{
			Name: "raw_env", Section: "Server Mechanics", Flags: "-e --env", action: appendTo, Meta: "ENV", Kind: Texts, Default: list(), Fate: Same, To: "env",
			carry: (*translator).environment,
		},
		{
			Name: "pidfile", Section: "Server Mechanics", Flags: "-p --pid", Meta: "FILE", Kind: Text, Fate: Same, To: "pid-file",
			carry: (*translator).file,
		},
		{
			Name: "worker_tmp_dir", Section: "Server Mechanics", Flags: "--worker-tmp-dir", Meta: "DIR", Kind: Text, Fate: Left,
			Note: "a worker writes no heartbeat file",
		},
		{
			Name: "user", Section: "Server Mechanics", Flags: "-u --user", Meta: "USER", Kind: User, Fate: Mapped, To: "user",
			Note:  "the whole server becomes that user once its sockets are open; nothing stays root",
			carry: (*translator).identity,
		},
		{
			Name: "group", Section: "Server Mechanics", Flags: "-g --group", Meta: "GROUP", Kind: Group, Fate: Mapped, To: "group",
			Note:  "likewise; without it, the user's own group",
			carry: (*translator).identity,
		},
		{
			Name: "umask", Section: "Server Mechanics", Flags: "-m --umask", octal: true, Meta: "INT", Kind: Number, Default: int64(0), Fate: Mapped, To: "bind",
			Note:  "the mode of Unix sockets, 777 without these bits, as in gunicorn; files of the application are not touched by it",
			carry: (*translator).nothing,
		},
		{
			Name: "initgroups", Section: "Server Mechanics", Flags: "--initgroups", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "the user's supplementary groups are always taken on",
		},
		{
			Name: "tmp_upload_dir", Section: "Server Mechanics", Kind: Text, Fate: Mapped, To: "spool-dir",
			carry: (*translator).file,
		},
		{
			Name: "secure_scheme_headers", Section: "Server Mechanics", Kind: Dict, Default: map[string]any{"X-FORWARDED-PROTOCOL": "ssl", "X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}, Fate: Mapped, To: "proxy-headers",
			Note:  "X-FORWARDED-PROTO: https and X-FORWARDED-SSL: on may be chosen; others are refused",
			carry: (*translator).schemeHeaders,
		},
	}
}

// proxySettings are what comes before the application.
func proxySettings() []Setting {
	return []Setting{
		{
			Name: "forwarded_allow_ips", Section: "Server Mechanics", Flags: "--forwarded-allow-ips", Meta: "STRING", Kind: Networks, Default: list("127.0.0.1", "::1"), Fate: Mapped, To: "trusted-proxies",
			Note:  "and Unix sockets, as in gunicorn; `REMOTE_ADDR` is then the client, which gunicorn leaves at the proxy",
			carry: (*translator).trusted,
		},
		{
			Name: "pythonpath", Section: "Server Mechanics", Flags: "--pythonpath", Meta: "STRING", Kind: Text, Fate: Same, To: "pythonpath",
			Note:  "behind `chdir`, where gunicorn has it in front",
			carry: (*translator).pythonPath,
		},
		{
			Name: "paste", Section: "Server Mechanics", Flags: "--paste --paster", Meta: "STRING", Kind: Text, Fate: Refused,
			Note: "write a module that says `from paste.deploy import loadapp; application = loadapp(\"config:/path/to/FILE\")` and serve that",
		},
		{
			Name: "proxy_protocol", Section: "Server Mechanics", Flags: "--proxy-protocol", action: optionally, Meta: "MODE", Kind: ProxyMode, Default: "off", Fate: Mapped, To: "bind",
			Note:  "`proxy+` addresses, which take both versions",
			carry: (*translator).nothing,
		},
		{
			Name: "proxy_allow_ips", Section: "Server Mechanics", Flags: "--proxy-allow-from", Kind: Networks, Default: list("127.0.0.1", "::1"), Fate: Mapped, To: "trusted-proxies",
			Note:  "one list says who is believed: another one than forwarded_allow_ips is refused where proxy_protocol is on",
			carry: (*translator).proxyNetworks,
		},
		{
			Name: "protocol", Section: "Server Mechanics", Flags: "--protocol", Meta: "STRING", Kind: Text, Default: "http", Fate: Mapped, To: "bind",
			Note:  "`uwsgi://` addresses",
			carry: (*translator).protocol,
		},
		{
			Name: "uwsgi_allow_ips", Section: "Server Mechanics", Flags: "--uwsgi-allow-from", Kind: Networks, Default: list("127.0.0.1", "::1"), Fate: Mapped, To: "trusted-proxies",
			Note:  "one list says who is believed: another one than forwarded_allow_ips is refused where protocol is uwsgi",
			carry: (*translator).uwsgiNetworks,
		},
		{
			Name: "raw_paste_global_conf", Section: "Server Mechanics", Flags: "--paste-global", action: appendTo, Meta: "CONF", Kind: Texts, Default: list(), Fate: Left,
			Note: "only with paste, which is refused",
		},
		{
			Name: "permit_obsolete_folding", Section: "Server Mechanics", Flags: "--permit-obsolete-folding", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "RFC 9112 has a folded field answered with 400: leave it out, unless a client of yours needs it",
		},
		{
			Name: "strip_header_spaces", Section: "Server Mechanics", Flags: "--strip-header-spaces", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "a space before the colon is how requests are smuggled, and answered with 400: leave it out",
		},
		{
			Name: "permit_unconventional_http_method", Section: "Server Mechanics", Flags: "--permit-unconventional-http-method", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "every method that is a token of RFC 9110 is served",
		},
		{
			Name: "permit_unconventional_http_version", Section: "Server Mechanics", Flags: "--permit-unconventional-http-version", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "only versions of HTTP/1 are taken for such: leave it out",
		},
		{
			Name: "casefold_http_method", Section: "Server Mechanics", Flags: "--casefold-http-method", action: setTrue, Kind: Boolean, Default: false, Fate: Refused,
			Note: "methods are case-sensitive (RFC 9110): have the client write GET, or the application take get",
		},
		{
			Name: "forwarder_headers", Section: "Server Mechanics", Flags: "--forwarder-headers", Kind: Names, Default: list("SCRIPT_NAME", "PATH_INFO"), Fate: Mapped, To: "proxy-headers",
			Note:  "fields with an underscore are dropped from everybody; for SCRIPT_NAME a proxy sends X-Forwarded-Prefix, or `script-name` says it. Other names than the two of the default are refused",
			carry: (*translator).forwarderHeaders,
		},
		{
			Name: "header_map", Section: "Server Mechanics", Flags: "--header-map", Kind: Choice, choices: "drop refuse dangerous", Default: "drop", Fate: Mapped,
			Note:  "drop is what is done; with refuse such a field is dropped too, instead of the request refused; dangerous is refused",
			carry: (*translator).headerMap,
		},
		{
			Name: "root_path", Section: "Server Mechanics", Flags: "--root-path", Meta: "STRING", Kind: Text, Default: "", Fate: Left,
			Note: "only for ASGI applications; for WSGI gunicorn takes the variable SCRIPT_NAME, and so does this name",
		},
	}
}
