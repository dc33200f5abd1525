package settings

import "testing"

// TestKubernetes passes the variables that a container gets for services named
// demo and demo-web; see the page "Service" of the Kubernetes documentation.
func TestKubernetes(t *testing.T) {
	injected := []string{
		"DEMO_SERVICE_HOST=10.0.0.11",
		"DEMO_SERVICE_PORT=80",
		"DEMO_SERVICE_PORT_HTTP=80",
		"DEMO_PORT=tcp://10.0.0.11:80",
		"DEMO_PORT_80_TCP=tcp://10.0.0.11:80",
		"DEMO_PORT_80_TCP_PROTO=tcp",
		"DEMO_PORT_80_TCP_PORT=80",
		"DEMO_PORT_80_TCP_ADDR=10.0.0.11",
		"DEMO_WEB_SERVICE_HOST=10.0.0.12",
		"DEMO_WEB_SERVICE_PORT=80",
		"DEMO_WEB_SERVICE_PORT_HTTP=80",
		"DEMO_WEB_PORT=tcp://10.0.0.12:80",
		"DEMO_WEB_PORT_80_TCP=tcp://10.0.0.12:80",
		"DEMO_WEB_PORT_80_TCP_ADDR=10.0.0.12",
	}
	if _, err := resolve(t, given{environ: injected}); err != nil {
		t.Errorf("refused what Kubernetes injects:\n%v", err)
	}
	for _, ours := range []string{"DEMO_BIND_PORT=80", "DEMO_SERVICES=1", "DEMO_PORTS=1"} {
		if _, err := resolve(t, given{environ: []string{ours}}); err == nil {
			t.Errorf("%s: no error, though Kubernetes makes no such variable", ours)
		}
	}
}
