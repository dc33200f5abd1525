package e2e

import (
	"testing"
)

// reopens has the connection open again at the fork: what would be without the server's care.
const reopens = `
def pre_fork(server, worker):
    from django.db import connection
    from shop import wsgi
    connection.ensure_connection()
    wsgi.OPENED = connection.connection
`

func TestDjangoConnectionsAreNotSharedByWorkers(t *testing.T) {
	p := newShop(t)
	writeFile(t, p.dir+"/reopens.py", reopens)
	connects := []string{"SHOP_CONNECTS=1"}
	for _, c := range []struct {
		name, has string
		warnings  int
		args      []string
	}{
		{"preload", "own", 1, []string{"--preload"}},
		{"open at the fork", "shared", 1, []string{"--preload", "--hooks", "reopens"}},
		{"each for itself", "shared", 0, nil}, // a worker's own, which no other has
	} {
		t.Run(c.name, func(t *testing.T) {
			s := p.serve(t, connects, append(c.args, "--threads", "1")...)
			for range 4 {
				s.Get(t, "/database").Want(t, 200, c.has)
			}
			want(t, "warnings", s.Count("they were closed before the workers were forked"), c.warnings)
		})
	}
}
