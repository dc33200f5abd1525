// Package harness runs the highball binary for tests: it builds it, starts it,
// talks to it in raw bytes, waits for lines of its log and makes sure that it
// leaves nothing behind.
//
// Nothing in it sleeps: what has to be awaited is a line of the log, bytes on a
// socket or the application's arrival at a [Gate].
package harness

import "time"

// Patience bounds every wait. It is only ever reached by a test that fails.
const Patience = 20 * time.Second

// Blink bounds the waits for what must not happen.
const Blink = 80 * time.Millisecond
