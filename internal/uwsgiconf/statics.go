package uwsgiconf

import "strings"

func staticRows() []Option {
	return []Option{
		mapped("static-map", "static", "`/url=DIR`; a directory that is not there is named in the log and left out", func(t *translator, e Entry) { t.static(e, false) }),
		mapped("static-map2", "static", "the prefix is part of the path below DIR", func(t *translator, e Entry) { t.static(e, true) }),
		refused("check-static static-check check-static-docroot", "name the prefixes: `static-map = /static=DIR`; a directory at / would hide pages of the application"),
		left("static-index static-safe static-skip-ext fileserve-mode file-serve-mode mimefile mime-file", "files are served by `static` as they are, indexes are not"),
		left("static-expires static-expires-* static-gzip static-gzip-* static-cache-paths static-cache-paths-name honour-range", "see `static`: ranges and validators (ETag, Last-Modified) are always there"),
		obeyed("offload-threads offload-thread", "the front sends files and waits for slow clients; no worker does"),
		left("disable-sendfile", "files are sent by sendfile where that is possible"),
		refused("route route-* final-route final-route-* error-route error-route-* response-route response-route-* collect-header response-header-collect pull-header",
			"uWSGI's routing is not followed: rewrite, redirect and restrict in nginx or in the application (`middleware`)"),
		refused("error-page-403 error-page-404 error-page-500", "error pages are the application's"),
		mapped("add-header", "", "`Connection` has no effect, since Highball manages connections; others are refused: set them in the application or in `middleware`", func(t *translator, e Entry) {
			if name, _, _ := strings.Cut(e.Value, ":"); strings.EqualFold(strings.TrimSpace(name), "connection") {
				t.Leave(e.Place, e.Key, "Highball manages connections itself")
				return
			}
			t.Refuse(e.Place, e.Key, "set the field in the application, or by `middleware`")
		}),
		refused("rem-header del-header", "leave the field out in the application, or by `middleware`"),
	}
}

// static takes /url=DIR.
func (t *translator) static(e Entry, whole bool) {
	url, dir, found := strings.Cut(e.Value, "=")
	if !found || url == "" || dir == "" {
		t.Refuse(e.Place, e.Key, "want /url=DIR")
		return
	}
	if !strings.HasPrefix(url, "/") {
		url = "/" + url
	}
	if whole {
		dir = strings.TrimSuffix(dir, "/") + url
	}
	t.append(e.Place, "static", url+"="+t.below(dir))
}

func bodyRows() []Option {
	return []Option{
		mapped("limit-post", "max-body", "in bytes; 1 GiB unless it is given", number("max-body", "")),
		mapped("buffer-size", "limit-request-head", "where it is more than Highball's 64 KiB: less is not asked for", func(t *translator, e Entry) {
			if n, ok := t.count(e); ok && n > 64<<10 {
				number("limit-request-head", "")(t, e)
			}
		}),
		mapped("post-buffering", "body-memory", "up to the 7 MiB that one message carries; bodies are always whole before a worker has them", func(t *translator, e Entry) {
			if n, ok := t.count(e); ok && n > 0 && n <= 7<<20 {
				number("body-memory", "")(t, e)
			}
		}),
		obeyed("post-buffering-bufsize body-read-warning max-vars http-buffer-size http-raw-body http-chunked-input http-auto-chunked http-manage-expect http-auto-gzip chunked-input-limit chunked-input-timeout",
			"bodies of either framing are read to their end before a worker is taken, `100 Continue` goes out by itself"),
		obeyed("ignore-sigpipe ignore-write-errors write-errors-tolerance write-errors-exception-only disable-write-exception",
			"a client that has left is no error: at most `highball.ClientDisconnected` is raised in `write()`, and nothing logged"),
		left("response-headers-limit http-var http-server-name-as-http-host http-manage-source http-manage-rtsp http-stud-prefix remap-modifier allowed-modifiers http-socket-modifier1 http-socket-modifier2 https-socket-modifier1 https-socket-modifier2", "the environ is what PEP 3333 says"),
		refused("http-websockets websocket-* websockets-*", "Highball serves WSGI, which has no WebSockets: give them to an ASGI server beside it"),
		left("http-processes http-workers http-events http-quiet http-cheap http-resubscribe http-stats http-stats-server http-ss", "there is no router process"),
		refused("upload-progress load-file-in-cache load-file-in-cache-gzip", "not supported"),
	}
}
