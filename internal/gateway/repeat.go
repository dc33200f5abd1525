package gateway

import "net/http"

// mayRepeat says whether a request that a worker has begun may be served by another
// from its beginning: its method allows that, the operator does, and nobody has
// seen anything of a response.
func (x *exchange) mayRepeat() bool {
	return x.g.opts.RetryIdempotent && idempotent(x.r.Method) &&
		!x.hinted && !x.headSent && !x.silent() &&
		(x.intake == nil || x.intake.untouched()) // else the body has been taken
}

// idempotent: RFC 9110 9.2.2.
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}
