package front

import (
	"context"
	"net/http"
)

// withHalfClose keeps the context of a request alive when its client has only
// closed its own direction. net/http cancels it then; but a client that sends a
// whole request and a FIN still waits for the response.
func withHalfClose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 { // a stream of HTTP/2 is reset by itself
			next.ServeHTTP(w, r)
			return
		}
		conn := r.Context().Value(connKey{})
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		stop := context.AfterFunc(r.Context(), func() {
			if !onlyHalfClosed(conn) {
				cancel()
			}
		})
		defer stop()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
