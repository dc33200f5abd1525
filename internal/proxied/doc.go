// Package proxied believes what proxies say of the requests that they pass on: whose
// they are, and how the client has asked. It believes those that the operator trusts,
// and has nobody else's word reach the application.
package proxied
