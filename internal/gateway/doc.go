// Package gateway speaks WSGI's server side: it makes an environ out of an
// *http.Request, has a worker's slot serve it, and turns the frames that come
// back into a response. PEP 3333's rules for what leaves are checked here once
// more, whatever the worker has checked.
package gateway
