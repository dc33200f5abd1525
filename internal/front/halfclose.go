package front

import "context"

// HalfClosed says that a request's context ended only because the client has
// closed its own direction of an HTTP/1 connection. net/http cancels the context
// then; but a client that sends a whole request and a FIN waits for the response.
// With HTTP/2 it cannot: it has to go on sending, if only SETTINGS and WINDOW_UPDATE.
func HalfClosed(ctx context.Context) bool {
	if c := connOf(ctx); c == nil || c.http2.Load() {
		return false
	}
	return onlyHalfClosed(ctx.Value(connKey{}))
}

// Abandoned says of a context for which HalfClosed holds that the client has
// probably left all the same. TCP tells both by the same FIN; but who half-closes
// does it right after the request, and who leaves does it when the wait is too long.
func Abandoned(ctx context.Context) bool { return closedLater(ctx.Value(connKey{})) }
