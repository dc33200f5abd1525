// Command bench measures Highball beside gunicorn on this machine, in some cases
// beside Granian and uWSGI as well, and prints a table: the same applications,
// workers and threads, in interleaved rounds of one run. The load comes from this
// process, over raw keep-alive connections, and is not counted.
//
//	go run ./bench [flags]
//
// It builds Highball, and installs nothing: the others and Flask are those of
// --venv, by default the repository's .venv (make bench fills it). Granian and
// uWSGI are left out where they are not installed. --baseline PATH has another
// binary of Highball measured in the same rounds: what a change has brought.
package main
