package highball

import (
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"
)

// devEvents is where the pages of development ask whether other code serves by now.
const devEvents = "/.highball/dev-events"

// eventsAlive is how often a line is sent to who waits there, so that a browser that has
// left is noticed.
const eventsAlive = 15 * time.Second

// around is what requests pass on their way to the application.
func (c *changes) around(next http.Handler) http.Handler {
	held := c.gate.around(next)
	if !c.s.developing() {
		return held
	}
	shown := c.gate.around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if failure := c.failure.Load(); failure != nil {
			c.showFailure(w, r, *failure)
			return
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == devEvents {
			c.events(w, r)
			return
		}
		shown.ServeHTTP(w, r)
	})
}

// events tells a page when code serves that is not the page's own (server-sent events,
// as the HTML standard has them).
func (c *changes) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	alive := time.NewTicker(eventsAlive)
	defer alive.Stop()
	asked := strings.Clone(r.URL.Query().Get("code"))
	for {
		code, changed := c.s.codes.current()
		line := ": waiting\n\n"
		if code != asked {
			line = "event: reload\ndata: " + code + "\n\n"
		}
		if _, err := io.WriteString(w, line); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-alive.C:
		case <-r.Context().Done():
			return
		case <-c.s.closed:
			return
		case <-c.ended:
			return
		}
	}
}

// showFailure answers for code whose process does not even live to say what is wrong.
func (c *changes) showFailure(w http.ResponseWriter, r *http.Request, failure string) {
	w.Header().Set("Cache-Control", "no-store")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, failure, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	code, _ := c.s.codes.current()
	message, rest, _ := strings.Cut(failure, "\n")
	if err := failurePage().Execute(w, map[string]string{"Message": message, "Rest": rest, "Code": code}); err != nil {
		c.s.logger.Debug("a page was not sent", "error", err)
	}
}

// failurePage looks as the worker's own pages do (dev_style.py).
func failurePage() *template.Template {
	return template.Must(template.New("failure").Parse(fmt.Sprintf(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>{{.Message}}</title>
<style>:root{--back:#fbfaf8;--card:#fff;--ink:#23211f;--dim:#77716a;--line:#e4dfd8;--hot:#b3261e}
@media(prefers-color-scheme:dark){:root{--back:#191817;--card:#211f1e;--ink:#e9e5e0;--dim:#9a938b;--line:#38342f;--hot:#ff8a7a}}
body{margin:0 auto;max-width:66rem;padding:1.5rem;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header{border-left:4px solid var(--hot);padding:.2rem 0 .2rem 1rem;margin-bottom:1.5rem}p{margin:.3rem 0}p,footer{color:var(--dim)}
h1{margin:.2rem 0;font-size:1.5rem;line-height:1.2;color:var(--hot);overflow-wrap:anywhere}footer{margin-top:2rem;font-size:12px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;
background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.8rem}</style></head>
<body><header><p>The code as it is now does not start. Save a change, and this page shows it.</p><h1>{{.Message}}</h1></header>
{{with .Rest}}<pre>{{.}}</pre>{{end}}
<footer>highball dev</footer>
<script>var e = new EventSource("%s?code=" + {{.Code}}); e.addEventListener("reload", function () { e.close(); location.reload() })</script>
</body></html>
`, devEvents)))
}
