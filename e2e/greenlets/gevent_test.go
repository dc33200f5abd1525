package greenlets

import (
	"strings"
	"syscall"
	"testing"

	"highball/e2e/harness"
)

// ways are the places from which projects patch.
var ways = []struct {
	name  string
	files map[string]string
	args  []string
}{
	{"application", map[string]string{"wsgi.py": patch + project}, nil},
	{"preload", map[string]string{"wsgi.py": patch + project}, []string{"--preload"}},
	{"busy preload", map[string]string{"wsgi.py": patch + project + "\ngevent.spawn(gevent.sleep, 600); gevent.sleep(0.01)\n"}, []string{"--preload"}},
	{"hooks", map[string]string{"wsgi.py": project, "hooks.py": patch + "def post_fork(server, worker): server.log.info('forked')\n"}, []string{"--hooks", "hooks"}},
	{"post_fork", map[string]string{"wsgi.py": project, "hooks.py": "def post_fork(server, worker):\n    " + patch}, []string{"--hooks", "hooks"}},
}

func TestPatchedApplicationsServe(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, way.files, append([]string{"--threads", "4"}, way.args...)...)
			s.Get(t, "/").Want(t, 200, "gevent._socket3")
			meet(t, s, 4)
			for path, want := range map[string]string{
				"/together": "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19", "/pooled": "0 1 2 3",
			} {
				s.Get(t, path).Want(t, 200, want)
			}
			large := strings.Repeat("x", 3<<20)
			s.Do(t, harness.Post("/body", large)).Want(t, 200, "3145728")
			reload(t, s)
		})
	}
}

// meet has requests wait for each other, on the threads of one process.
func meet(t *testing.T, s *harness.Server, threads int) {
	t.Helper()
	gate := harness.NewGate(t)
	calls := make([]*harness.Conn, threads)
	for i := range calls {
		calls[i] = s.Dial(t).Send(harness.Request("GET", "/meet?"+gate.Query()))
	}
	arrived := map[string]*harness.Visitor{}
	for range calls {
		v := gate.Arrival()
		arrived[v.Label] = v
	}
	if len(arrived) != threads {
		t.Errorf("%d requests were on %d threads: %v", threads, len(arrived), arrived)
	}
	for _, v := range arrived {
		v.Go()
	}
	for _, call := range calls {
		call.Response("GET").Want(t, 200, "met")
	}
}

func reload(t *testing.T, s *harness.Server) {
	t.Helper()
	before := s.Get(t, "/pid").Body
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "a new process serves", func() bool { return s.Get(t, "/pid").Body != before })
}

// A greenlet that a request leaves behind goes on while the thread waits.
func TestGreenletsGoOnBetweenRequests(t *testing.T) {
	s := start(t, map[string]string{"wsgi.py": patch + project}, "--threads", "2")
	for range 6 {
		s.Get(t, "/leave").Want(t, 200, "left")
	}
	harness.Eventually(t, "what they left is done", func() bool { return s.Get(t, "/left").Body == "6" })
}

// Locks are waited for among threads too: of the application, of logging and of imports.
func TestLocksBetweenThreads(t *testing.T) {
	s := start(t, map[string]string{"wsgi.py": patch + project}, "--threads", "4")
	calls := make([]*harness.Conn, 8)
	for i := range calls {
		calls[i] = s.Dial(t).Send(harness.Request("GET", "/shared"))
	}
	for _, call := range calls {
		call.Response("GET").Want(t, 200, "shared")
	}
	s.Get(t, "/count").Want(t, 200, "2400")
}

// gevent watches child processes in the main thread alone.
func TestPatchedSubprocess(t *testing.T) {
	s := start(t, map[string]string{"wsgi.py": patch + project}, "--threads", "1")
	for range 3 {
		s.Get(t, "/run").Want(t, 200, "ran")
	}
}

// Whatever it is that does not end, the process goes on.
func TestRequestTimeout(t *testing.T) {
	s := start(t, map[string]string{"wsgi.py": patch + project}, "--threads", "2", "--request-timeout", "1s")
	pid := s.Get(t, "/pid").Body
	for _, path := range []string{"/hang", "/join", "/spin", "/spinning"} {
		first, second := s.Dial(t).Send(harness.Request("GET", path)), s.Dial(t).Send(harness.Request("GET", path))
		first.Response("GET").WantStatus(t, 504)
		second.Response("GET").WantStatus(t, 504)
		harness.Eventually(t, "both threads serve", func() bool { return s.Get(t, "/together").Status == 200 })
		meet(t, s, 2)
		s.Get(t, "/pid").Want(t, 200, pid)
	}
}

// The way of projects that ran under gunicorn's gevent class.
func TestGunicornsFile(t *testing.T) {
	for name, file := range map[string]string{
		"alone":      patch + "worker_class = 'gevent'\nworker_connections = 3\n",
		"hooks":      patch + "worker_class = 'gevent'\nworker_connections = 3\ndef post_fork(server, worker): server.log.info('forked')\n",
		"psycogreen": patch + "worker_class = 'gevent'\nworker_connections = 3\ndef post_fork(server, worker):\n    import gevent.socket, select\n    select.wait_callback = gevent.socket.wait_read\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			python := having(t, "gevent")
			dir := write(t, map[string]string{"wsgi.py": project, "gunicorn.conf.py": file})
			s := harness.Start(t, harness.Options{
				Unbound: true, Env: []string{"HIGHBALL_PYTHON=" + python, "HIGHBALL_LOG_FORMAT=json"},
				Line: []string{"gunicorn", "--chdir", dir, "-c", dir + "/gunicorn.conf.py", "--bind", "127.0.0.1:0", "wsgi:application"},
			})
			s.Get(t, "/").Want(t, 200, "gevent._socket3")
			meet(t, s, 3)
		})
	}
}
