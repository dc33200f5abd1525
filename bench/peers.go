package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConf is the usual one before an application server: a Unix socket between,
// connections to it that are kept, and nginx's own buffers. Nobody's connection ends
// after so many requests, which the clients here would take for a failure.
const nginxConf = `
daemon off;
pid DIR/nginx.pid;
USER
worker_processes PROCESSES;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 60s;
    keepalive_requests 1000000000;
    client_body_temp_path DIR/nginx-body;
    proxy_temp_path DIR/nginx-proxy;
    fastcgi_temp_path DIR/nginx-fastcgi;
    uwsgi_temp_path DIR/nginx-uwsgi;
    scgi_temp_path DIR/nginx-scgi;
    upstream application {
        server SOCKET;
        keepalive 32;
        keepalive_requests 1000000000;
    }
    server {
        listen ADDR;
        TLS
        location / {
            proxy_pass http://application;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}
`

// bodyServers are those whose bodies are measured: of the peers, those that are
// installed.
func (b *bench) bodyServers() []serverKind {
	servers := b.servers[:len(b.servers):len(b.servers)]
	if !b.peer {
		return servers
	}
	for _, kind := range []serverKind{nginx, granian, bjoern} {
		if b.installed(kind) {
			servers = append(servers, kind)
		} else {
			fmt.Fprintf(b.log, "bench: without %s, which is not installed\n", kind)
		}
	}
	return servers
}

func (b *bench) installed(kind serverKind) bool {
	switch kind {
	case nginx:
		_, err := exec.LookPath("nginx")
		return err == nil && b.imports("gunicorn")
	case bjoern:
		return b.imports("bjoern")
	}
	_, err := os.Stat(b.script(kind))
	return err == nil
}

func (b *bench) imports(module string) bool {
	return exec.Command(b.python, "-c", "import "+module).Run() == nil
}

// launchNginx starts gunicorn on a Unix socket, and nginx before it.
func (b *bench) launchNginx(app, addr string) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, "nginx-")
	if err != nil {
		return nil, err
	}
	socket := "unix:" + filepath.Join(dir, "gunicorn.sock")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // its workers are to find the socket in a directory of root's
	}
	conf := filepath.Join(dir, "nginx.conf")
	listen, secure, processes := addr, "", "auto"
	if b.tls != nil {
		listen += " ssl http2"
		secure = fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:TLS:10m;", b.tls.cert, b.tls.key)
	}
	if b.single {
		processes = "1"
	}
	text := strings.NewReplacer("DIR", dir, "SOCKET", socket, "ADDR", listen, "USER", user, "TLS", secure, "PROCESSES", processes).Replace(nginxConf)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	behind, err := b.launchCommand(gunicorn, socket, b.command(gunicorn, app, socket))
	if err != nil {
		return nil, err
	}
	s, err := b.launchCommand(nginx, addr, exec.Command("nginx", "-p", dir, "-c", conf, "-e", "stderr"))
	if err != nil {
		behind.stop()
		return nil, err
	}
	s.behind = behind
	return s, nil
}
