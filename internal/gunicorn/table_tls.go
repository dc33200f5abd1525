package gunicorn

// tlsSettings are those of TLS, HTTP/2 and the control socket.
func tlsSettings() []Setting {
	return []Setting{
		{
			Name: "keyfile", Section: "SSL", Flags: "--keyfile", Meta: "FILE", Kind: Text, Fate: Same, To: "keyfile",
			carry: (*translator).certificate,
		},
		{
			Name: "certfile", Section: "SSL", Flags: "--certfile", Meta: "FILE", Kind: Text, Fate: Same, To: "certfile",
			Note:  "addresses become `https://`, with HTTP/2",
			carry: (*translator).certificate,
		},
		{
			Name: "ssl_version", Section: "SSL", Flags: "--ssl-version", Kind: Anything, Default: int64(2), Fate: Left,
			Note: "gunicorn ignores it as well; tls-profile says which versions are spoken",
		},
		{
			Name: "cert_reqs", Section: "SSL", Flags: "--cert-reqs", Kind: Number, Default: int64(0), Fate: Mapped, To: "client-cert",
			Note:  "0 is none, 1 optional, 2 required; with 1 an invalid certificate is told to the application (`SSL_CLIENT_VERIFY`)",
			carry: (*translator).clientCert,
		},
		{
			Name: "ca_certs", Section: "SSL", Flags: "--ca-certs", Meta: "FILE", Kind: Text, Fate: Mapped, To: "client-ca",
			Note:  "with cert_reqs",
			carry: (*translator).nothing,
		},
		{
			Name: "suppress_ragged_eofs", Section: "SSL", Flags: "--suppress-ragged-eofs", action: setTrue, Kind: Boolean, Default: true, Fate: Left,
			Note: "a connection that is cut harms nobody else",
		},
		{
			Name: "do_handshake_on_connect", Section: "SSL", Flags: "--do-handshake-on-connect", action: setTrue, Kind: Boolean, Default: false, Fate: Left,
			Note: "no handshake holds up a worker",
		},
		{
			Name: "ciphers", Section: "SSL", Flags: "--ciphers", Kind: Text, Fate: Left,
			Note: "there are no weak suites to take away; tls-profile chooses the versions",
		},
		{
			Name: "http_protocols", Section: "HTTP/2", Flags: "--http-protocols", Meta: "STRING", Kind: Protocols, Default: list("h1"), Fate: Left,
			Note:  "HTTP/1.1 and HTTP/2 are both there on every https address",
			carry: (*translator).protocols,
		},
		{
			Name: "http2_cleartext", Section: "HTTP/2", Flags: "--http2-cleartext", Meta: "STRING", Kind: Cleartext, Default: "off", Fate: Left,
			Note: "who begins with HTTP/2's preface is spoken to in HTTP/2; an Upgrade to it is answered in HTTP/1.1",
		},
		{
			Name: "http2_max_concurrent_streams", Section: "HTTP/2", Flags: "--http2-max-concurrent-streams", integer: true, Meta: "INT", Kind: Number, least: 1, Default: int64(100), Fate: Left,
			Note: "HTTP/2 has limits of its own, see docs/LIMITS.md",
		},
		{
			Name: "http2_initial_window_size", Section: "HTTP/2", Flags: "--http2-initial-window-size", integer: true, Meta: "INT", Kind: Number, most: 2147483647, Default: int64(65535), Fate: Left,
			Note: "likewise",
		},
		{
			Name: "http2_max_frame_size", Section: "HTTP/2", Flags: "--http2-max-frame-size", integer: true, Meta: "INT", Kind: Number, least: 16384, most: 16777215, Default: int64(16384), Fate: Left,
			Note: "likewise",
		},
		{
			Name: "http2_max_header_list_size", Section: "HTTP/2", Flags: "--http2-max-header-list-size", integer: true, Meta: "INT", Kind: Number, Default: int64(65536), Fate: Left,
			Note: "`limit-request-head` holds for HTTP/2 too",
		},
		{
			Name: "control_socket", Section: "Control", Flags: "--control-socket", Meta: "PATH", Kind: Text, Fate: Left,
			Note: "`highball ctl` has a socket of its own, which gunicornc does not speak to",
		},
		{
			Name: "control_socket_mode", Section: "Control", Flags: "--control-socket-mode", octal: true, Meta: "INT", Kind: Number, Default: int64(384), Fate: Left,
			Note: "the socket of `highball ctl` is for its owner alone",
		},
		{
			Name: "control_socket_disable", Section: "Control", Flags: "--no-control-socket", action: setTrue, Kind: Boolean, Default: false, Fate: Mapped, To: "control",
			Note:  "the socket of `highball ctl`",
			carry: (*translator).noControl,
		},
	}
}
