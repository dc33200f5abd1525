//go:build !windows

package main

import "highball/internal/settings"

// appGroup is the heading of what says which application is served, and in what surroundings.
const appGroup = "Application"

// appSettings say which application is served, and where.
func appSettings() []settings.Setting {
	const group = appGroup
	return []settings.Setting{
		{
			Name: "app", Kind: settings.String, Positional: true, Group: group,
			Automatic: "the Django or Flask project found in the working directory", Placeholder: "APP",
			Usage:   "the WSGI application",
			KnownAs: []string{"wsgi-app", "module", "wsgi", "wsgi-file", "application"},
			Doc: `
Which WSGI application to serve:

| Written as | Serves |
|---|---|
| ` + "`module:attribute`" + ` | the named object of an importable module, ` + "`mysite.wsgi:application`" + ` |
| ` + "`module`" + ` | its ` + "`application`" + ` or ` + "`app`" + ` |
| ` + "`module:factory()`" + ` | what a function without arguments returns |
| ` + "`path/to/file.py`" + `, ` + "`file.py:attribute`" + `, ` + "`site.wsgi`" + ` | the same from a file, which need not be importable |
| a directory, or nothing | the Django or Flask project in it |

Nothing is the default so that ` + "`highball run`" + ` in a project's directory just works. In production write the application out: what is
found can change when files are added.`,
		},
		{
			Name: "config", Kind: settings.String, FlagOnly: true, Group: group,
			Automatic: "highball.toml in the working directory, if it exists", Placeholder: "FILE",
			Usage: "the settings file, in TOML",
			Doc: `
The file to read settings from. One that is named must exist; the default may be missing, so that a project works without any.
With ` + "`chdir`" + ` given as a flag or a variable the default is looked for in that directory. It can be given only as a flag, so that
nothing inherited from an environment makes a server read another file than its command line says.`,
		},
		{
			Name: "chdir", Kind: settings.String, Group: group,
			Automatic: "the current directory", Placeholder: "DIR",
			Usage:   "the application's working directory, also on sys.path",
			KnownAs: []string{"dir", "directory", "working-dir", "working-directory", "home"},
			Doc: `
The directory that the application runs in. It stands on ` + "`sys.path`" + `, before ` + "`pythonpath`" + ` and everything installed, so that the
project's own modules can be imported. By default the current directory, as with ` + "`python -m`" + `. The paths in ` + "`config`" + ` and ` + "`access-log`" + ` do not follow it: they count from the directory that Highball was started in, as
the shell completes them.`,
		},
		{
			Name: "python", Kind: settings.String, Group: group,
			Automatic: "the virtual environment's, else python3", Placeholder: "FILE",
			Usage:   "the Python interpreter",
			KnownAs: []string{"interpreter", "virtualenv", "venv", "python-home"},
			Doc: `
The Python interpreter that runs the application, version 3.9 or newer, CPython or PyPy. Without it Highball takes the one that the Python package
` + "`highball`" + ` is installed in, where that one's script has started it, else the one of
` + "`$VIRTUAL_ENV`" + `, else of a directory ` + "`.venv` or `venv`" + ` beside the application, else ` + "`python3`" + ` from ` + "`$PATH`" + `: what the same project would run with
in a shell. Name it in service files, where no environment is activated. Highball itself needs nothing installed in it.`,
		},
	}
}

// environmentSettings say what the application finds around it.
func environmentSettings() []settings.Setting {
	const group = appGroup
	return []settings.Setting{
		{
			Name: "pythonpath", Kind: settings.List, Group: group, Placeholder: "DIR",
			Usage:   "a directory to put on sys.path, after chdir",
			KnownAs: []string{"python-path", "path", "sys-path"},
			Doc: `
Directories put on ` + "`sys.path`" + ` after ` + "`chdir`" + `, in the order given, as Python puts those of ` + "`$PYTHONPATH`" + ` after the script's own. None by default: an installed application needs none. A module in one
of them hides a module of the same name that is installed.`,
		},
		{
			Name: "env", Short: "e", Kind: settings.Map, Group: group,
			Usage:   "a variable for the environment of the Python processes",
			KnownAs: []string{"raw-env", "environment"},
			Doc: `
Variables added to the environment of the Python processes, over those that Highball itself was started with. None by default. A
command line can be read by every user of the machine: give secrets in a variable or in a file that only the server's user can read.`,
		},
		{
			Name: "environ", Kind: settings.Map, Group: group,
			Usage:   "an entry for the WSGI environ of each request",
			KnownAs: []string{"wsgi-environ", "param", "uwsgi-param", "setenv"},
			Doc: `
Entries added to the ` + "`environ`" + ` of each request, as a front server's parameters would be. The values are strings; characters outside of
latin-1 are refused, since PEP 3333 has no place for them. None by default.`,
		},
		{
			Name: "middleware", Kind: settings.List, Group: group, Placeholder: "MODULE:CALLABLE",
			Usage: "WSGI middleware to wrap the application in, outermost first",
			Doc: `
WSGI middleware, each written as ` + "`module:callable`" + `: it is called with the application and returns another. The first one listed is the
outermost, which sees a request first. None by default. An application that cannot be changed is wrapped this way.`,
		},
		{
			Name: "validate", Kind: settings.Bool, Group: group,
			Usage:   "check the application against PEP 3333",
			KnownAs: []string{"lint", "check"},
			Doc: `
Wraps the application in ` + "`wsgiref.validate`" + `, so that each break of PEP 3333 is an error with a
traceback. Off by default: it costs time in each request and refuses applications that work in practice. For development and tests.`,
		},
	}
}
