package gunicorn

// socketsSettings are those of the configuration itself and where to listen.
func socketsSettings() []Setting {
	return []Setting{
		{
			Name: "config", Section: "Config File", Flags: "-c --config", Meta: "CONFIG", Kind: Text, Default: "./gunicorn.conf.py", Fate: Same,
			Note: "the file is read as gunicorn reads it; `-c FILE`, `file:FILE`, `python:MODULE`",
		},
		{
			Name: "wsgi_app", Section: "Config File", Kind: Text, Fate: Same, To: "app",
			carry: (*translator).application,
		},
		{
			Name: "bind", Section: "Server Socket", Flags: "-b --bind", action: appendTo, Meta: "ADDRESS", Kind: Texts, Default: list("127.0.0.1:8000"), Fate: Same, To: "bind",
			Note:  `all forms; with certfile an address is https, with proxy_protocol it takes the PROXY header, with protocol "uwsgi" it speaks uwsgi`,
			carry: (*translator).bind,
		},
		{
			Name: "backlog", Section: "Server Socket", Flags: "--backlog", integer: true, Meta: "INT", Kind: Number, Default: int64(2048), Fate: Same, To: "backlog",
			carry: (*translator).number,
		},
	}
}
