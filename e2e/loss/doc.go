// Package loss tests what becomes of requests when things go wrong under load, by
// accounts that are kept on both sides: each client notes the one answer that it
// gets, the application notes in which process a request begins and ends.
package loss
