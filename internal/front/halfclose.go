package front

import "context"

// HalfClosed says that a request's context ended only because the client has
// closed its own direction of an HTTP/1 connection. net/http cancels the context
// then; but a client that sends a whole request and a FIN waits for the response.
func HalfClosed(ctx context.Context) bool {
	return onlyHalfClosed(ctx.Value(connKey{}))
}
