// Package gunicorn reads the configuration of another server, gunicorn 27: its
// command line, its variables and its file, in its order, with its rules of what is
// valid. What was found is said in Highball's settings ([Config.Translate]).
//
// The file is Python. The application's interpreter evaluates it, in a process that
// lives no longer than that; everything else is done here.
package gunicorn
