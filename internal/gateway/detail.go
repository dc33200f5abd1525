package gateway

import (
	"net/http"
	"slices"
	"strings"

	"highball/internal/wire"
)

// Detail is what only some logs tell of a request, see Options.Detailed. It is good
// until OnDone returns.
type Detail struct {
	Path, Query string  // PATH_INFO and QUERY_STRING; "" for a request that has none
	Fields      []Field // of the response, but for what the connection adds (Date, Connection, Transfer-Encoding)

	x *exchange
}

// Environ returns what the front has put into environ. What is made in the worker is not
// there: the keys that the application and its middleware set, and wsgi.* but for the scheme.
func (d *Detail) Environ() map[string]string {
	x := d.x
	pooled := x.g.bufs.Get().(*[]byte)
	defer x.g.recycle(pooled)
	b := x.appendRequest((*pooled)[:0])
	b = x.appendAddresses(b)
	b = x.appendHeaders(b)
	b = x.appendTLS(b)
	b = x.appendVariables(b)
	*pooled = b
	environ := map[string]string{}
	for decoder := wire.NewDecoder(b); len(decoder.Rest()) > 0 && decoder.Err() == nil; {
		name := decoder.Latin1()
		environ[name] = decoder.Latin1()
	}
	return environ
}

// Field looks a field of the response up.
func (d *Detail) Field(name string) (value string, ok bool) {
	for _, f := range d.Fields {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if ok {
			value += ", "
		}
		value, ok = value+f.Value, true
	}
	return value, ok
}

// noteHead keeps the head of a response for the log: the application's fields, and those
// of handlers around that it does not set itself.
func (x *exchange) noteHead(fields []Field) {
	if !x.g.opts.Detailed {
		return
	}
	for _, f := range fields {
		x.noted = append(x.noted, Field{strings.Clone(f.Name), strings.Clone(f.Value)})
	}
	for name, values := range x.w.Header() {
		if !slices.ContainsFunc(fields, func(f Field) bool { return http.CanonicalHeaderKey(f.Name) == name }) {
			x.noted = append(x.noted, Field{name, strings.Join(values, ", ")})
		}
	}
}

func (x *exchange) detail() *Detail {
	if !x.g.opts.Detailed {
		return nil
	}
	return &Detail{Path: x.target.pathInfo, Query: x.target.query, Fields: x.noted, x: x}
}
