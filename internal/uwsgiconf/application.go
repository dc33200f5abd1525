package uwsgiconf

import (
	"cmp"
	"path/filepath"
	"strings"
)

// application is what options say about which application is served.
type application struct {
	named    *Entry // module or wsgi-file
	mounts   []Entry
	callable *Entry
}

func applicationRows() []Option {
	return []Option{
		mapped("module wsgi", "app", "`MODULE:CALLABLE`; the callable is `application` unless `callable` names another", nameApplication),
		mapped("wsgi-file file", "app", "a file that need not be importable; counted from `chdir`", nameApplication),
		mapped("callable", "app", "what is behind the colon of `app`", func(t *translator, e Entry) { t.app.callable = &e }),
		mapped("mount", "mount app script-name", "several applications, each below its prefix, with `module` for the other paths; without `module` those are 404, where uWSGI's first `mount` serves them. A mount point without `/` is refused", func(t *translator, e Entry) {
			t.app.mounts = append(t.app.mounts, e)
		}),
		obeyed("manage-script-name", "`SCRIPT_NAME` and `PATH_INFO` are always split at the mount point"),
		obeyed("need-app", "without an application nothing starts"),
		obeyed("single-interpreter", "each worker has one interpreter"),
		obeyed("ignore-script-name no-default-app", ""),
		mapped("chdir", "chdir", "", text("chdir")),
		left("chdir2", "the working directory stays what chdir says: it is the application's from the first import on"),
		refused("eval pyrun wsgi-lite pump web3 config-py python-raw python py", "write the application into a module and name that with `module`"),
		refused("paste ini-paste ini-paste-logged pecan paste-logger", "write a module with `application = paste.deploy.loadapp(\"config:/…/app.ini\")` and name that with `module`"),
		refused("vhost vhost-host", "several hosts are `[[app]]` entries of highball.toml"),
		refused("py-sharedarea python-worker-override worker-exec worker-exec2 mode", "the worker of Highball serves WSGI alone: start the other program by itself"),
		refused("import shared-import py-import pyimport python-import shared-py-import shared-pyimport shared-python-import pymodule-alias post-pymodule-alias",
			"import the module in the application's own, or in a module of hooks (`post_worker_init`)"),
	}
}

func nameApplication(t *translator, e Entry) { t.app.named = &e }

// chooseApplication gives app, and script-name or mount.
func (t *translator) chooseApplication() {
	if named := t.app.named; named != nil {
		if named.Value == "" {
			t.Refuse(named.Place, named.Key, "want the name of an application")
			return
		}
		t.Give(named.Place, "app", t.appText(*named))
	}
	alone := t.app.named == nil && len(t.app.mounts) == 1
	for _, m := range t.app.mounts {
		t.mount(m, alone)
	}
}

// mount takes /PREFIX=APPLICATION; alone if there is no other application.
func (t *translator) mount(m Entry, alone bool) {
	path, app, found := strings.Cut(m.Value, "=")
	if !found || app == "" {
		t.Refuse(m.Place, m.Key, "want /PREFIX=APPLICATION")
		return
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		t.Refuse(m.Place, m.Key, "uWSGI finds "+path+" by UWSGI_APPID alone, which is not followed: begin it with /, or write mount = [\"HOST/PREFIX=APPLICATION\"] in highball.toml")
		return
	}
	prefix := strings.TrimRight(path, "/")
	m.Value = app
	switch {
	case !alone:
		t.append(m.Place, "mount", cmp.Or(prefix, "/")+"="+t.appText(m))
	case prefix == "":
		t.Give(m.Place, "app", t.appText(m))
	default:
		t.Give(m.Place, "app", t.appText(m))
		t.Give(m.Place, "script-name", prefix)
	}
}

// appText writes an application with its callable.
func (t *translator) appText(e Entry) string {
	callable := "application"
	if t.app.callable != nil && t.app.callable.Value != "" {
		callable = t.app.callable.Value
	}
	ext := filepath.Ext(e.Value)
	isFile := e.Key == "wsgi-file" || e.Key == "file" || ext == ".py" || ext == ".wsgi"
	if !isFile && strings.Contains(e.Value, ":") {
		return e.Value
	}
	path := e.Value
	if isFile && !strings.ContainsAny(path, "/.") {
		path = "./" + path // not a module
	}
	return path + ":" + callable
}

func pythonRows() []Option {
	return []Option{
		mapped("home virtualenv venv pyhome", "python", "DIR/bin/python, the interpreter that the environment was made with", func(t *translator, e Entry) {
			path := filepath.Join(e.Value, "bin", "python")
			t.Give(e.Place, "python", t.below(path))
		}),
		mapped("pythonpath python-path pp", "pythonpath", "uWSGI puts each one first on the path, so that the last stands first; here too", prepend),
		mapped("py-executable py-sys-executable", "python", "", text("python")),
		mapped("env", "env", "", func(t *translator, e Entry) {
			if name, _, found := strings.Cut(e.Value, "="); !found || name == "" {
				t.Refuse(e.Place, e.Key, "want NAME=VALUE")
				return
			}
			t.append(e.Place, "env", e.Value)
		}),
		left("unenv", "start the server without it: `env -u NAME highball …`, UnsetEnvironment= of systemd"),
		refused("envdir early-envdir", "use EnvironmentFile= of systemd, --env-file of Docker, or `env = NAME=VALUE` lines"),
		obeyed("no-site py-programname py-program-name python-version", ""),
		obeyed("plugin plugins plugin-dir plugins-dir need-plugin need-plugins autoload", "there are none to load: what Python needs is built in"),
		obeyed("py-call-osafterfork py-call-uwsgi-fork-hooks", "Python's own hooks of a fork run"),
		obeyed("optimize", "PYTHONOPTIMIZE in `env` does the same"),
		left("pyargv", "sys.argv is [\"highball\"]"),
		left("py-tracebacker", "`highball ctl stacks` shows where each thread is"),
		left("profiler", "use py-spy or the application's own"),
		refused("pyshell pyshell-oneshot", "start `python -i` by itself"),
		refused("gevent gevent-* async ugreen ugreen-* loop", "Highball serves with threads: write `threads = N`"),
		left("wsgi-env-behavior wsgi-env-behaviour", "each request has an environ of its own, as PEP 3333 wants it"),
		left("wsgi-accept-buffer wsgi-accept-buffers wsgi-strict start_response-nodelay", "PEP 3333 is followed to the letter"),
		left("wsgi-disable-file-wrapper catch-exceptions reload-on-exception reload-on-exception-*", "an exception is logged with its traceback and answered 500; the worker serves on"),
		left("exception-handler reload-os-env", "an exception is in the log with its traceback"),
	}
}

// prepend puts a directory before those that came before, as uWSGI does.
func prepend(t *translator, e Entry) {
	t.append(e.Place, "pythonpath", e.Value)
	values := t.lists["pythonpath"].values
	copy(values[1:], values[:len(values)-1])
	values[0] = e.Value
}
