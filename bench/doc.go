// Command bench measures Highball beside gunicorn on this machine and prints a
// table: the same applications, workers and threads, in interleaved rounds of
// one run. The load comes from this process, over raw keep-alive connections,
// and is not counted.
//
//	go run ./bench [flags]
//
// It builds Highball, and installs nothing: gunicorn and Flask are those of
// --venv, by default the repository's .venv (make bench fills it).
package main
