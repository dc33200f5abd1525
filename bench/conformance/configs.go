package main

import (
	"os"
	"path/filepath"
	"strings"
)

const nginxConf = `
daemon off;
master_process off;
pid DIR/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path DIR/nginx-body;
    proxy_temp_path DIR/nginx-proxy;
    fastcgi_temp_path DIR/nginx-fastcgi;
    uwsgi_temp_path DIR/nginx-uwsgi;
    scgi_temp_path DIR/nginx-scgi;
    server {
        listen ADDR;
        location / {
            proxy_pass http://ORIGIN;
            proxy_set_header Host $http_host;
            proxy_set_header CLIENT $remote_addr;
        }
    }
}
`

// Modules are where Debian has them. User is for a start by root only.
const apacheConf = `
ServerRoot DIR
ServerName localhost
Listen ADDR
PidFile DIR/apache.pid
ErrorLog /dev/stderr
DefaultRuntimeDir DIR
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule wsgi_module /usr/lib/apache2/modules/mod_wsgi.so
WSGIScriptAlias / DIR/echo.py
WSGIChunkedRequest On
<Directory DIR>
    Require all granted
</Directory>
`

// write fills a file in the run's directory from a template: names and their values.
func (b *bench) write(name, template string, values ...string) (string, error) {
	file := filepath.Join(b.dir, name)
	return file, os.WriteFile(file, []byte(strings.NewReplacer(values...).Replace(template)), 0o644)
}
