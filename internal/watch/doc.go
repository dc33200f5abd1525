// Package watch tells of changes of the files that a program is made of: those that it
// has loaded, those below its own directories, and those that somebody names.
//
// Directories are watched, not files: editors put a new file in the place of the old one.
// Where the system has no more watches to give, the files are looked at from time to time.
package watch
