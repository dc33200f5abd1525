// Package https has what a site that wants to be asked by https says to those who are
// not, and to those who are: handlers around another.
package https

import (
	"net/http"

	"highball/internal/origin"
)

// Secure says whether the client has asked by https: on its own connection, or as a proxy
// says that is believed.
func Secure(r *http.Request) bool {
	if o := origin.Of(r.Context()); o != nil && o.Scheme != "" {
		return o.Scheme == "https"
	}
	return r.TLS != nil
}
