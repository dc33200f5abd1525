package dev

import (
	"os"
	"testing"
	"time"

	"highball/e2e/harness"
)

// gated notes who it has served, and takes its time to be imported.
const gated = `
import os, time, text
open("begins" + text.TEXT, "w").close()
while not os.path.exists("go" + text.TEXT):
    time.sleep(0.01)
def application(environ, start_response):
    open("served" + environ["PATH_INFO"].replace("/", "-"), "w").close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.TEXT.encode()]
`

// A client that leaves while new code is on its way has left: nobody runs its request.
func TestClientLeavesBeforeTheNewCode(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"dev", "run"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			p := write(t, files{"app.py": gated, "text.py": text(1), "go1": ""})
			p.serve(harness.Options{Verb: verb}, "--reload-on-change", "--access-log", "-", "--log-format", "json", "--log-level", "debug")
			p.save("text.py", text(2))
			p.exists("begins2")
			leaves := p.Dial(t).Send(harness.Request("GET", "/leaves"))
			stays := p.Dial(t).Send(harness.Request("GET", "/stays")).CloseWrite()
			sent := time.Now() // one that closes right after its request still waits for the answer
			harness.Eventually(t, "the request has waited a while", func() bool { return time.Since(sent) > 200*time.Millisecond })
			_ = leaves.Close()
			p.Wait(t, func(e harness.Entry) bool { return e.Text("msg") == "request" && e.Fields["status"] == 499.0 })
			p.save("go2", "")
			stays.Response("GET").Want(t, 200, "2")
			if _, err := os.Stat(p.path("served-leaves")); err == nil {
				t.Error("a request was run whose client had left")
			}
		})
	}
}

func (p *project) exists(name string) {
	p.t.Helper()
	harness.Eventually(p.t, name+" is there", func() bool { _, err := os.Stat(p.path(name)); return err == nil })
}
