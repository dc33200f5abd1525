package gunicorn

import "strings"

// args splits a command line that has no quotes.
func args(text string) []string { return strings.Fields(text) }

// conf is the file that is read without being named.
func conf(lines ...string) map[string]string {
	return map[string]string{"gunicorn.conf.py": strings.Join(lines, "\n") + "\n"}
}

func env(pairs ...string) map[string]string {
	m := map[string]string{}
	for _, pair := range pairs {
		name, v, _ := strings.Cut(pair, "=")
		m[name] = v
	}
	return m
}

// realCases are what both are asked.
func realCases() []realCase {
	var all []realCase
	for _, group := range [][]realCase{lineCases(), lineMistakes(), fileCases(), fileMistakes(), orderCases()} {
		all = append(all, group...)
	}
	return all
}

func lineCases() []realCase {
	var cases []realCase
	for _, line := range []string{
		"shop:app",
		"shop:app -w 4",
		"-w 4 shop:app",
		"-w4 shop:app -b :8000 -b 127.0.0.1:9000",
		"-w=4 shop:app --bind=unix:/run/x.sock",
		"--workers=4 shop",
		"--worker 4 shop:app --worker-cl gthread",
		"--workers 0x4 shop:app",
		"shop:app --workers 1_0 --backlog +64",
		"shop:app second third -w 2",
		"-- shop:app -w 4",
		"-w 2 -- shop:app",
		"shop:app -w 2 --",
		"shop:app --proxy-protocol",
		"shop:app --proxy-protocol v2",
		"shop:app --proxy-protocol=off",
		"--proxy-protocol -w 2 shop:app",
		"-DR shop:app",
		"-DRw3 shop:app",
		"-Dw 3 shop:app",
		"shop:app --no-sendfile --reuse-port --preload",
		"shop:app --access-logfile - --error-logfile /tmp/e --log-level DEBUG",
		"shop:app --log-file -",
		"shop:app --access-logf - --capture",
		"shop:app --limit-request-line 0 --limit-request-fields 32768 --limit-request-field_size 16380",
		"shop:app -e A=1 --env B=2 -e C=",
		"shop:app -m 022",
		"shop:app -m 0o27",
		"shop:app --umask 18",
		"shop:app -m 0",
		"shop:app --forwarded-allow-ips=*",
		"shop:app --forwarded-allow-ips 10.0.0.0/8,::1,192.168.1.1",
		"shop:app --forwarded-allow-ips 10.0.0.1/24",
		"shop:app --statsd-host localhost:8125 --statsd-prefix a.b --dogstatsd-tags x:1,y:2",
		"shop:app --statsd-host unix:/run/statsd.sock",
		"shop:app --statsd-host unix:8126",
		"shop:app --statsd-host statsd.example",
		"shop:app --bind [::1]:9000 --bind [::1] --bind localhost --bind tcp://1.2.3.4:5",
		"shop:app --bind fd://3 --bind :0",
		"shop:app --http-protocols h1",
		"shop:app --http2-cleartext both --http2-max-frame-size 16384",
		"shop:app --header-map Refuse --forwarder-headers SCRIPT_NAME,REMOTE_USER",
		"shop:app --user 0 --group 0",
		"shop:app --user root --group root",
		"shop:app --keyfile k --certfile c --cert-reqs 2 --ca-certs x --ciphers y",
		"shop:app --suppress-ragged-eofs --do-handshake-on-connect",
		"shop:app --asgi-loop UVLOOP --http-parser python",
		"shop:app -t 0 --graceful-timeout 5 --keep-alive 75",
		"shop:app --no-control-socket --control-socket-mode 0660 --control-socket /tmp/c",
		"shop:app --paste-global a=b --paste-global c=d",
		"shop:app --dirty-app a:B --dirty-app c:D --dirty-workers 2",
		"shop:app --reload-engine poll --reload",
		"shop:app --reload-extra-file *.none",
		"shop:app -n name --pid /tmp/p -p /tmp/q",
		"shop:app -w 1 -w 2 -w 3",
		"shop:app --check --print",
		"-h", "--help", "-v", "--version", "--vers", "shop:app -w 4 -h", "-w 4 --he",
		"shop:app --chdir .",
		"shop:app --chdir /tmp/..",
		"shop:app -b -1",
		"- shop:app",
		"",
	} {
		cases = append(cases, realCase{name: line, Args: args(line)})
	}
	return cases
}

func lineMistakes() []realCase {
	var cases []realCase
	for _, line := range []string{
		"shop:app -w many",
		"shop:app -w",
		"shop:app -w -- 4",
		"shop:app -w -b :1",
		"shop:app --workers=",
		"shop:app -w -1",
		"shop:app -w 1.5",
		"shop:app -w 08 extra",
		"shop:app --wrokers 4",
		"shop:app -w 4 extra",
		"shop:app -x",
		"shop:app -Dx",
		"shop:app --reload=yes",
		"shop:app --limit-request 5",
		"shop:app --log-sys",
		"shop:app --umask 9z",
		"shop:app --umask 089",
		"shop:app --proxy-protocol v3",
		"shop:app --proxy-protocol -- x",
		"--proxy-protocol shop:app",
		"shop:app --forwarded-allow-ips localhost",
		"shop:app --chdir /nonexistent",
		"shop:app --user nobody-of-that-name",
		"shop:app --group nobody-of-that-name",
		"shop:app --reload-engine fast",
		"shop:app --reload-extra-file /nonexistent",
		"shop:app --header-map keep",
		"shop:app --http-protocols h3",
		"shop:app --http-protocols h1,h1",
		"shop:app --http2-cleartext yes",
		"shop:app --http2-max-frame-size 5",
		"shop:app --http2-max-concurrent-streams 0",
		"shop:app --http2-initial-window-size 2147483648",
		"shop:app --statsd-host a:b",
		"shop:app -c /nonexistent.py",
		"shop:app -c python:no_such_module",
		"-h -w x",
		"-w x -h",
	} {
		cases = append(cases, realCase{name: line, Args: args(line)})
	}
	return cases
}

func fileCases() []realCase {
	cases := []realCase{
		{name: "all kinds", files: conf(
			"import multiprocessing, ssl", "bind = '0.0.0.0:8000', 'unix:/run/x'", "workers = multiprocessing.cpu_count() * 2 + 1",
			"worker_class = 'gthread'", "threads = '4'", "timeout = True", "keepalive = '0x10'", "preload_app = 'True'", "reload = ' false '",
			"loglevel = ' debug '", "accesslog = None", "cert_reqs = ssl.CERT_REQUIRED", "sendfile = False", "umask = 0o22", "user = None",
			"logconfig_dict = {'version': 1, 'handlers': {'a': {'level': 'INFO', 'n': 1.5}}}", "secure_scheme_headers = {'X-A': 'b'}",
			"wsgi_app = 'shop:app'", "tmp_upload_dir = '/tmp'", "ssl_version = 5", "http2_cleartext = True", "proxy_protocol = True",
		)},
		{name: "hooks", files: conf(
			"def on_starting(server): pass", "def pre_request(worker, req): pass", "def post_request(worker, req, environ): pass",
			"when_ready = lambda server: None", "class H:", "    def __call__(self, server): pass", "on_reload = H()",
			"wsgi_app = 'shop:app'", "pre_exec = 'os.path.basename'",
		)},
		{name: "names that are none are passed over", files: conf("wokers = 3", "Workers = 3", "WORKERS = 4", "x = object()", "wsgi_app = 'a:b'")},
		{name: "a class", files: conf("import gunicorn.workers.gthread as g", "worker_class = g.ThreadWorker", "wsgi_app = 'a:b'")},
		{name: "a function that names the class", files: conf("def worker_class(): return 'gthread'", "wsgi_app = 'a:b'")},
		{name: "last of several", files: conf("workers = 2", "for workers in range(5): pass", "wsgi_app = 'a:b'")},
		{name: "imports of the file", files: map[string]string{
			"gunicorn.conf.py": "from base import *\nworkers = workers + 1\n", "base.py": "workers = 5\nwsgi_app = 'a:b'\n_x = 1\n"}},
		{name: "its own name", files: conf("assert __name__ == '__config__', __name__", "wsgi_app = __file__.rsplit('/')[-1]")},
		{name: "an empty file", files: conf(""), Args: args("a:b")},
		{name: "nothing for a list", files: conf("reload_extra_files = []", "raw_env = ''", "wsgi_app = 'a:b'")},
		{name: "no address", files: conf("bind = []", "wsgi_app = 'a:b'"), ours: "it would serve nobody"},
		{name: "a relative chdir", files: map[string]string{"gunicorn.conf.py": "chdir = 'src'\nwsgi_app = 'a:b'\n", "src/a.py": ""}},
		{name: "a coding", files: conf("# -*- coding: latin-1 -*-", "proc_name = 'caf\xe9'", "wsgi_app = 'a:b'")},
		{name: "None where it may be", files: conf("preload_app = None", "header_map = None", "asgi_loop = None", "http_protocols = None",
			"proxy_protocol = None", "statsd_host = None", "raw_env = None", "forwarded_allow_ips = None", "wsgi_app = 'a:b'")},
		{name: "not a name of Python's", Args: args("-c settings.txt a:b"), files: map[string]string{"settings.txt": "workers = 7\n"}},
		{name: "file:", Args: args("-c file:conf/x.py a:b"), files: map[string]string{"conf/x.py": "workers = 8\n"}},
		{name: "python:", Args: args("-c python:conf.prod a:b"), files: map[string]string{"conf/__init__.py": "", "conf/prod.py": "workers = 9\nimport sys\nassert sys.path\n"}},
		{name: "an empty -c", Args: []string{"-c", "", "a:b"}, files: conf("workers = 3")},
		{name: "a directory's own, with --chdir", Args: args("--chdir src a:b"), files: map[string]string{"gunicorn.conf.py": "workers = 2\n", "src/gunicorn.conf.py": "workers = 3\n"}},
		{name: "h2", files: conf("http_protocols = 'h2, h1'", "wsgi_app = 'a:b'"), ours: "it needs no other package"},
	}
	return cases
}

func fileMistakes() []realCase {
	var cases []realCase
	for _, text := range []string{
		"workers = 'many'", "workers = -1", "workers = 1.5", "workers = None", "workers = [4]", "workers = '010'", "workers = '1 0'", "workers = ''",
		"threads = object()", "bind = 8000", "bind = ['a', 1]", "bind = {'a': 1}", "preload_app = 1", "preload_app = 'yes'", "loglevel = 10", "chdir = None", "chdir = 3",
		"raw_env = [1]", "raw_env = ['A']", "logconfig_dict = []", "secure_scheme_headers = None", "forwarded_allow_ips = ['::1']",
		"forwarded_allow_ips = 'a'", "reload_engine = None", "worker_class = 3", "worker_class = None", "logger_class = object()",
		"def on_starting(): pass", "def post_fork(a): pass", "def post_request(a): pass", "on_exit = 3", "on_exit = 'nothing'", "on_exit = 'no.such'", "on_exit = None",
		"statsd_host = 8125", "proxy_protocol = 3", "http_protocols = ['h1']", "http2_cleartext = 1", "user = 1.5", "user = ''", "group = []",
		"reload_extra_files = ['/nonexistent']", "workers = ", "def f(:", "raise ValueError('x')", "import no_such", "1/0", "import sys; sys.exit(3)",
		"timeout = float('inf')", "x = '\\ud800'; proc_name = b'x'", "backlog = 10**30",
	} {
		c := realCase{name: text, Args: args("a:b"), files: conf("threads = 2", text)}
		switch text {
		case "backlog = 10**30":
			c.ours = "a number that no system takes"
		case "bind = {'a': 1}":
			c.ours = "gunicorn takes the keys"
		}
		cases = append(cases, c)
	}
	return cases
}

func orderCases() []realCase {
	return []realCase{
		{name: "variables", Args: args("a:b"), Environ: env("WEB_CONCURRENCY=3", "PORT=9000", "FORWARDED_ALLOW_IPS=10.0.0.0/8")},
		{name: "variables before the file", Args: args("a:b"), Environ: env("WEB_CONCURRENCY=3", "PORT=9000"), files: conf("workers = 5")},
		{name: "the file before GUNICORN_CMD_ARGS", Args: args("a:b"), Environ: env("GUNICORN_CMD_ARGS=-w 6 --threads 2"), files: conf("workers = 5", "threads = 9", "timeout = 7")},
		{name: "GUNICORN_CMD_ARGS before the line", Args: args("a:b -w 7"), Environ: env("GUNICORN_CMD_ARGS=-w 6 --threads 2", "WEB_CONCURRENCY=1"), files: conf("workers = 5")},
		{name: "an application there is none", Args: nil, Environ: env("GUNICORN_CMD_ARGS=a:b")},
		{name: "a file there", Args: args("a:b"), Environ: env("GUNICORN_CMD_ARGS=-c x.py"), files: map[string]string{"x.py": "workers = 5\n", "gunicorn.conf.py": "workers = 6\n"}},
		{name: "a file there and here", Args: args("a:b -c y.py"), Environ: env("GUNICORN_CMD_ARGS=-c x.py"), files: map[string]string{"x.py": "workers = 5\n", "y.py": "threads = 6\n"}},
		{name: "quotes", Args: args("a:b"), Environ: env(`GUNICORN_CMD_ARGS=--access-logformat '%(h)s "%(r)s"' -e "A=b c" -e D=e\ f -n "q\"\x"`)},
		{name: "an open quote", Args: args("a:b"), Environ: env(`GUNICORN_CMD_ARGS=-n "x`)},
		{name: "lists are replaced", Args: args("a:b -b :1"), Environ: env("GUNICORN_CMD_ARGS=-b :2 -e A=1"), files: conf("bind = ':3'", "raw_env = ['B=2']")},
		{name: "an unknown flag there", Args: args("a:b"), Environ: env("GUNICORN_CMD_ARGS=--nope")},
		{name: "help there", Args: args("a:b"), Environ: env("GUNICORN_CMD_ARGS=-h")},
		{name: "WEB_CONCURRENCY of letters", Args: args("a:b"), Environ: env("WEB_CONCURRENCY=x")},
		{name: "WEB_CONCURRENCY below zero", Args: args("a:b"), Environ: env("WEB_CONCURRENCY=-2")},
		{name: "PORT of letters", Args: args("a:b"), Environ: env("PORT=x")},
		{name: "FORWARDED_ALLOW_IPS of letters", Args: args("a:b"), Environ: env("FORWARDED_ALLOW_IPS=x")},
		{name: "FORWARDED_ALLOW_IPS of nothing", Args: args("a:b"), Environ: env("FORWARDED_ALLOW_IPS=")},
		{name: "wsgi_app and an argument", Args: args("c:d"), files: conf("wsgi_app = 'a:b'")},
		{name: "a wrong value that the line puts right", Args: args("a:b -w 3"), files: conf("workers = 'many'")},
		{name: "chdir of line and file", Args: args("a:b --chdir two"), files: map[string]string{"gunicorn.conf.py": "chdir = 'one'\n", "one/x": "", "two/x": ""}},
		{name: "the file sees its variables", Args: args("a:b"), Environ: env("HOW_MANY=4"), files: conf("import os", "workers = os.environ.get('HOW_MANY', 1)")},
	}
}
