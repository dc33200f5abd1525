// Package worker runs the Python processes: the zygote, the workers that it
// forks, their sockets, their end. It is the only importer of os/exec.
package worker
