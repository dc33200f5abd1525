// Package behind tests Highball behind nginx, Apache and HAProxy, with the configurations
// of deploy/ as they are: only addresses and paths are put in, and the command line of
// Highball is that of the file's comment.
package behind
