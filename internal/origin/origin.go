// Package origin carries what is known of where a request comes from and what
// http.Request has no place for: by which scheme the client asked, what a proxy has
// taken off the path, what a connection's first bytes said.
package origin

import (
	"context"
	"slices"
)

// Origin adds to a request. One that belongs to a connection is every request's of it;
// nobody changes an Origin that a context has.
type Origin struct {
	// Scheme is "http" or "https" where the client's is not the connection's own:
	// a proxy that is believed has said so. "" means what the connection has.
	Scheme string

	// Prefix is what a proxy that is believed has taken off the path, decoded,
	// "/shop". It goes in front of SCRIPT_NAME.
	Prefix string

	// Path is what PATH_INFO is made of, decoded, and Query is QUERY_STRING, where a
	// proxy has said both; nil: they are of the request's target.
	Path  *string
	Query string

	// ServerName and ServerPort are SERVER_NAME and SERVER_PORT. "" means those of the
	// connection's own address; a name without a port has the scheme's.
	ServerName, ServerPort string

	// FinalOnly says that who has connected takes a 1xx response for the final one.
	FinalOnly bool

	// Unvouched says that a proxy which speaks for a client has not named it: its address
	// is the proxy's or none, and its fields may be anybody's.
	Unvouched bool

	// Variables are more of environ, in the order in which they are to stand there.
	Variables []Variable
}

// Variable is an item of environ. Both are latin-1 in the sense of PEP 3333: a
// string of bytes.
type Variable struct{ Name, Value string }

// And returns o, which may be nil, with more variables.
func (o *Origin) And(more []Variable) *Origin {
	if o == nil {
		return &Origin{Variables: more}
	}
	both := *o
	both.Variables = append(slices.Clip(o.Variables), more...)
	return &both
}

type key struct{}

// With returns a context whose requests have o.
func With(ctx context.Context, o *Origin) context.Context {
	return context.WithValue(ctx, key{}, o)
}

// Of returns what a request's context has, nil for nothing.
func Of(ctx context.Context) *Origin {
	o, _ := ctx.Value(key{}).(*Origin)
	return o
}
