//go:build !windows

package main

import "highball/internal/uwsgiconf"

// uwsgiManual is the text of docs/MIGRATING-UWSGI.md.
func uwsgiManual() string { return uwsgiIntro + uwsgiconf.Markdown() }

const uwsgiIntro = `# uWSGI in full

<!-- Written by "highball config docs uwsgi" from the table in internal/uwsgiconf. Do not edit by hand. -->

You have ` + "`uwsgi --ini app.ini`" + `: type

` + "```" + `
highball uwsgi --ini app.ini
` + "```" + `

Every way to give options works: files in ini, YAML and JSON (` + "`--ini app.ini:section`, `uwsgi app.yml`" + `), the command line with its short
letters, and variables (` + "`UWSGI_PROCESSES=4`" + `). A link to the program that is named ` + "`uwsgi`" + ` needs no change of the line at all. nginx in front
(` + "`uwsgi_pass`" + `) stays as it is: ` + "`socket`" + ` speaks the uwsgi protocol here, too. To have the same as settings of Highball's:

` + "```" + `
highball config convert uwsgi app.ini > highball.toml
highball run
` + "```" + `

Each line then has the place that it comes from, and what was left out stands there as a comment with the reason.

## How files are read

As uWSGI 2.0 reads them; tests compare with its ` + "`--show-config`" + `. ` + "`%d`, `%n`, `%p`, `%k`" + ` and the others of a file and of the system,
` + "`$(VARIABLE)`, `@(file)`, `%(option)` with sums (`%(workers * 2)`), `set`, `set-placeholder`, `include`, `inherit`, `ini = file:section`" + `, ` +
	"`if-env`, `if-exists`, `if-file`, `if-dir`, `if-opt`, `if-hostname`, `if-plugin`, `if-reload`" + `, their ` + "`if-not-…`" + ` and ` + "`for`" + ` work.

| What differs | |
|---|---|
| XML; ` + "`for-readline`, `for-times`, `for-glob`; `@(exec://…)`" + ` and other schemes; files by URL or from standard input | refused, with the line |
| an if within an if | refused: uWSGI ends both at the first ` + "`endif`" + ` or refuses it, depending on the first |
| a file without the section that is asked for | an error; uWSGI goes on without |
| a number that is none (` + "`processes = many`, `limit-post = 1m`" + `) | an error; uWSGI takes 0, or what it begins with |
| an option that uWSGI does not have | named in the line of what has no effect; with ` + "`strict`" + ` an error, as with uWSGI |
| ` + "`%N`, `%D`, `%P`" + ` and the other capitals in ` + "`uwsgi app.ini`" + `, without ` + "`--ini`" + ` | those of the file; uWSGI has nothing there |
| YAML | plain scalars and lists, each on its line, which both of uWSGI's own readers take alike |
| abbreviated options (` + "`--proc`" + ` for ` + "`--processes`" + `) | refused, with the full name |
| ` + "`uwsgi app.py`" + `, ` + "`uwsgi app.wsgi`" + ` | serves the file, as ` + "`--wsgi-file`" + ` does |

What is wrong is one line with file and number, the exit code is 1, and nothing is started. Settings that no option says can be given as
variables, ` + "`HIGHBALL_QUEUE_SIZE=100`" + `; ` + "`highball.toml`" + ` is not read.

## What is the same, better, different, missing

| | uWSGI | ` + "`highball uwsgi`" + ` |
|---|---|---|
| same | ` + "`processes`, `threads`" + ` 1 unless given; the application is imported before the fork unless ` + "`lazy-apps`" + `; no time limit without ` + "`harakiri`" + ` | the same |
| same | ` + "`:8000`" + ` is IPv4 on all interfaces; an address without a colon is a Unix socket | the same |
| same | requests are logged unless ` + "`disable-logging`" + ` | to standard output, in the combined format |
| better | ` + "`harakiri`" + ` kills the worker with all its requests | 504 to that client, the stack in the log, the worker lives on if it yields |
| better | ` + "`max-requests`, `reload-on-rss`, `touch-reload`" + ` stop a worker before the next is there | the next is ready first; broken new code leaves the old one serving |
| better | HTTP/1.0 on ` + "`http-socket`" + `, bodies of unknown length in an API of its own | HTTP/1.1 and HTTP/2, chunked bodies from ` + "`wsgi.input`" + ` |
| different | SIGTERM reloads brutally without ` + "`die-on-term`" + `, and SIGQUIT with it | SIGTERM always stops in good order, SIGQUIT at once |
| different | SIGHUP reloads; SIGINT and SIGQUIT kill | SIGHUP reloads; SIGINT stops in good order, SIGQUIT at once |
| different | ` + "`cheaper`" + ` changes the number of workers by load | ` + "`processes`" + ` is the number |
| different | a full listen queue has clients wait | 503 after ` + "`queue-timeout`" + ` |
| missing | cron, mules, spoolers, the emperor, attached daemons, internal routing, WebSockets, gevent | refused, with what to use instead |
| missing | caches and signals of the module uwsgi | no effect, and an AttributeError where they are called |

### What is seen otherwise

Five sites run under both, and answers, environ and access logs are compared; ` + "`e2e/beside`" + ` fails for what differs and is not here, and for what is here
and does not differ. Behind "in" stands what the request has.

| Seen by | uWSGI | Highball, and why |
|---|---|---|
| ` + "`SERVER_SOFTWARE`" + ` | missing | ` + "`highball/…`" + `, as CGI wants it |
| ` + "`SERVER_NAME`" + ` | the machine's name | the address of the socket, as everywhere with Highball: ` + "`Host`" + ` says what the client has asked for |
| ` + "`RAW_URI`" + ` | missing | the target as sent, as ` + "`REQUEST_URI`" + ` has it: what gunicorn calls it |
| ` + "`wsgi.input_terminated`" + ` | missing | true: ` + "`wsgi.input`" + ` ends where the body ends |
| ` + "`wsgi.early_hints`" + ` | missing | sends 103 |
| ` + "`highball.*`" + ` | missing | the request's number, and how long it waited |
| ` + "`Connection`" + ` in ` + "`Connection: close`" + `, ` + "`HTTP/1.0`" + ` | no such field, whatever follows | ` + "`close`" + `, where the connection is closed |
| ` + "`HTTP_COOKIE`" + ` in ` + "`Cookie: c=d`" + ` | two fields are joined by ` + "`, `" + ` | joined by ` + "`; `" + `, as RFC 6265 has it: the second cookie is found |
| ` + "`HTTP_X_ASKED`" + ` in ` + "`X-Asked: so`" + ` | fields of one name are joined by ` + "`, `" + ` | by ` + "`,`" + `, as gunicorn and nginx do; a list means the same |
| ` + "`PATH_INFO`" + ` in ` + "`/a/../b/`" + `, ` + "`http://other.example`" + ` | on ` + "`http-socket`" + ` dots are resolved, and a whole URL is the path | as the client has sent it, as behind ` + "`uwsgi_pass`" + `; of a URL the path |
| ` + "`SCRIPT_NAME`" + ` in ` + "` / HTTP/`" + `, ` + "`http://other.example`" + ` | missing for ` + "`/`" + ` where there is a ` + "`mount`" + ` beside ` + "`module`" + `; empty with a whole URL | ` + "`" + `""` + "`" + `, which PEP 3333 lets be left out; what the URL's path begins with |
| ` + "`HTTP_HOST`" + ` in ` + "`http://other.example`" + ` | the field ` + "`Host`" + ` | the target's host, as RFC 9112 3.2.2 has it |
| ` + "`access log`" + ` in ` + "`http://other.example`" + `, ` + "`HTTP/1.0`" + ` | ` + "`%(host)`" + ` is the field, or the machine's name | the target's host; ` + "`-`" + ` where there is none |
| ` + "`wsgi.url_scheme`" + ` in ` + "`X-Forwarded-Proto`" + ` | ` + "`http-socket`" + ` believes every client | only ` + "`trusted-proxies`" + ` are believed: name yours, ` + "`HIGHBALL_TRUSTED_PROXIES=10.0.0.5`" + `, or a client can say that it came by https |
| ` + "`HTTP_X_FORWARDED_*`" + ` in ` + "`X-Forwarded-Proto`" + ` | whatever the client sends | missing unless a trusted proxy has sent it |
| ` + "`status`" + ` in ` + "`/raises`" + ` | closes without an answer | 500, with the traceback in the log |
| ` + "`status`" + ` in ` + "` /elsewhere`" + `, ` + "` /portals`" + ` | where all are ` + "`mount`" + `, the first one serves what is outside of all | 404: name it with ` + "`module`" + ` to have it serve these |
| ` + "`access log`" + ` in ` + "`HEAD`" + ` | ` + "`%(rsize)`" + ` counts a body that is not sent | 0 |
| ` + "`access log`" + ` in ` + "`Authorization`" + ` | ` + "`%(user)`" + ` is ` + "`-`" + ` | the user's name, of Basic authentication |
| ` + "`access log`" + ` in ` + "`" + `"quoted"` + "`" + ` | a quote is written as it is | escaped, so that no client forges a line |

## The module uwsgi

Applications find it under this verb only; elsewhere ` + "`import uwsgi`" + ` is an ImportError as usual.

| Name | |
|---|---|
| ` + "`opt`" + ` | a dict as uWSGI's: names to bytes, the last of several; True for a flag of the command line |
| ` + "`worker_id()`, `masterpid()`, `numproc`, `cores`, `has_threads`, `buffer_size`, `hostname`, `started_on`, `is_a_reload`, `version`, `version_info`" + ` | with uWSGI's types; 0 is the worker that imports for all |
| ` + "`request_id()`, `set_logvar()`, `get_logvar()`, `log()`, `logsize()`, `mem()`, `micros()`, `ready()`, `mule_id()`, `in_farm()`, `i_am_the_spooler()`, `i_am_the_lord()`" + ` | |
| ` + "`reload()`, `stop()`" + ` | of the whole server, in good order |
| ` + "`set_user_harakiri(seconds)`" + ` | ` + "`highball.RequestTimeout`" + ` is raised in the request; one that does not yield within 5 s more has its process killed |
| ` + "`lock()`, `unlock()`, `is_locked()`" + ` | among the threads of all workers of one version of the code |
| ` + "`post_fork_hook`, `atexit`" + ` | functions that the application sets; called in each worker before it serves, and at its end |
| all others | an AttributeError that says what to use instead |

` + "`uwsgidecorators`" + `, as it comes with uWSGI or, where that is not installed, Highball's own: ` + "`postfork`, `lock`, `harakiri`" + `. Its timers, signals,
spoolers and mules are errors that say so.

## Options
`
