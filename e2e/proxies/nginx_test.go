package proxies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"highball/e2e/harness"
	"highball/e2e/peer"
)

const nginxFile = `
{modules}
{user}
daemon off;
worker_processes 1;
error_log {dir}/error.log;
pid {dir}/pid;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
    upstream tcp { server {address}; keepalive 4; }
    upstream unix { server unix:{socket}; }
    server {
        listen 127.0.0.1:{port};
        location /tcp/ { proxy_pass http://tcp/; }
        location /unix/ { proxy_pass http://unix/; }
        location /silent/ {
            proxy_pass http://tcp/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For ""; proxy_set_header X-Forwarded-Proto ""; proxy_set_header X-Real-IP $remote_addr;
        }
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto https;
    }
}
{stream}
`

const nginxStream = `stream {
    server { listen 127.0.0.1:{streamport}; proxy_pass {introduced}; proxy_protocol on; }
}`

// streamModule is where Debian has nginx's module for streams, "" if there is none.
func streamModule() string {
	const path = "/usr/lib/nginx/modules/ngx_stream_module.so"
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return "load_module " + path + ";"
}

func behindNginx(t *testing.T, s server, stream string) (port, streamPort string) {
	t.Helper()
	path := peer.Find(t, "nginx")
	port, streamPort = freePort(t), freePort(t)
	dir := t.TempDir()
	words := map[string]string{
		"dir": dir, "address": s.Address, "socket": s.socket, "port": port, "introduced": s.introduced, "streamport": streamPort, "user": "",
	}
	modules := ""
	if os.Geteuid() == 0 {
		words["user"] = "user root;" // whose socket it is
	}
	if stream != "" {
		modules = streamModule()
	}
	config := file(t, "nginx.conf", strings.NewReplacer("{stream}", stream, "{modules}", modules).Replace(nginxFile), words)
	daemon(t, path, []string{"-c", config, "-p", dir, "-e", filepath.Join(dir, "error.log")}, port)
	return port, streamPort
}

func TestNginx(t *testing.T) {
	t.Parallel()
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "unix", "--proxy-headers", "nginx")
	port, _ := behindNginx(t, s, "")
	for where, peer := range map[string]string{"tcp": "127.0.0.1", "unix": "unix", "silent": "127.0.0.1"} {
		scheme := "https"
		if where == "silent" { // nginx says the address alone, and passes nothing on
			scheme = "http"
		}
		e := fromOutside(t, port, harness.Request("GET", "/"+where+"/", "X-Forwarded-For: 192.0.2.66, 127.0.0.1", "X-Real-IP: 192.0.2.67",
			"X-Forwarded-Proto: gopher", "X-Forwarded-Host: evil.test", "X-Forwarded-Prefix: /evil", "Forwarded: for=1.2.3.4"))
		e.has(t, environ{
			"REMOTE_ADDR": outside, "REMOTE_PORT": "", "wsgi.url_scheme": scheme, "HTTP_HOST": "test.example", "highball.peer_addr": peer,
			"HTTP_X_FORWARDED_HOST": "", "HTTP_X_FORWARDED_PREFIX": "", "HTTP_FORWARDED": "", "HTTP_X_REAL_IP": outside,
		})
		if e["SCRIPT_NAME"] != "" {
			t.Errorf("SCRIPT_NAME is %q", e["SCRIPT_NAME"])
		}
	}
}

func TestNginxOverUnixAlone(t *testing.T) {
	t.Parallel()
	s := start(t, environApp, "--trusted-proxies", "unix")
	port, _ := behindNginx(t, s, "")
	e := fromOutside(t, port, harness.Request("GET", "/unix/", "X-Forwarded-For: 192.0.2.66"))
	e.has(t, environ{"REMOTE_ADDR": outside, "HTTP_X_FORWARDED_FOR": outside, "REMOTE_PORT": ""})
	// By TCP the same nginx is not believed, and says nothing to the application.
	e = fromOutside(t, port, harness.Request("GET", "/tcp/", "X-Forwarded-For: 192.0.2.66"))
	e.has(t, environ{"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "", "wsgi.url_scheme": "http", "highball.peer_addr": ""})
}

func TestNginxStream(t *testing.T) {
	t.Parallel()
	peer.Find(t, "nginx")
	if streamModule() == "" {
		t.Skip("nginx has no module for streams")
	}
	s := start(t, environApp, "--trusted-proxies", "127.0.0.1")
	_, port := behindNginx(t, s, nginxStream)
	e := fromOutside(t, port, harness.Request("GET", "/"))
	e.has(t, environ{"REMOTE_ADDR": outside, "SERVER_PORT": port, "highball.peer_addr": "127.0.0.1"})
}
