// Package pool decides who serves a request and keeps the processes that do.
//
// A Pool dispatches requests to the idle slot of the least busy process, and short
// ones behind each other to one; it lets a bounded number wait, and replaces
// processes that end. It knows nothing of processes and sockets: it is tested with
// fakes in virtual time.
package pool
