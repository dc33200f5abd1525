// Package front serves a handler on listeners: HTTP/1.1, and HTTP/2 in clear
// text by prior knowledge. It owns the connections and their end.
package front
