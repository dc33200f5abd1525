package greenlets

import (
	"testing"

	"highball/e2e/harness"
)

const eventletProject = `
import eventlet; eventlet.monkey_patch()
import os, threading, time

def application(environ, start_response):
    jobs = [eventlet.spawn(lambda n=n: (time.sleep(0.1), n)[1]) for n in range(5)]
    said = " ".join(str(job.wait()) for job in jobs) + " " + str(len(environ["wsgi.input"].read()))
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said.encode()]
`

func TestEventlet(t *testing.T) {
	python := having(t, "eventlet")
	for name, args := range map[string][]string{"application": nil, "preload": {"--preload"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Options{
				App: "wsgi:application", Dir: write(t, map[string]string{"wsgi.py": eventletProject}), Python: python,
				Args: append([]string{"--workers", "1", "--threads", "3"}, args...),
			})
			calls := make([]*harness.Conn, 6)
			for i := range calls {
				calls[i] = s.Dial(t).Send(harness.Post("/", "four"))
			}
			for _, call := range calls {
				call.Response("POST").Want(t, 200, "0 1 2 3 4 4")
			}
		})
	}
}
