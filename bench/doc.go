// Command bench measures Highball beside gunicorn on this machine, in some cases
// beside Granian, uWSGI, bjoern and nginx in front of gunicorn as well, and prints a
// table: the same applications, workers and threads, in interleaved rounds of one
// run. The load comes from this process, over raw keep-alive connections, and is not
// counted. A server's CPU is that of all its processes, nginx's and gunicorn's together.
//
//	go run ./bench [flags]
//
// It builds Highball, and installs nothing: the others and Flask are those of
// --venv, by default the repository's .venv (make bench fills it), and nginx is that
// of the PATH. Those that are not installed are left out, all but gunicorn. Only
// --venv may have bjoern, which needs a compiler and libev:
//
//	apt-get install nginx libev-dev
//	python3 -m venv /tmp/peers
//	/tmp/peers/bin/pip install -r requirements/bench.txt bjoern
//	go run ./bench --venv /tmp/peers
//
// The cases https and h2 are put by h2load, of Debian's nghttp2-client.
//
// --baseline PATH has another binary of Highball measured in the same rounds, in a
// column of its own: what a change has brought.
package main
