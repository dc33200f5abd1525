// Package static serves files of directories, in front of another handler. What it does
// not find is the other's to answer, so that a site has one page for what is not there.
//
// Nothing outside of a directory can be reached: names are checked, and then opened by an
// [os.Root], which follows no link that leads out of it.
package static
