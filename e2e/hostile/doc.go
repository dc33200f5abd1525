// Package hostile tests what slow clients, floods, resets and garbage cost others:
// nothing that a quick client would notice, and nothing that stays. It runs the
// real binary. HIGHBALL_TEST_LONG=1 has thousands of clients do it for a minute.
package hostile
