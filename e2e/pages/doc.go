// Package pages runs the commands of the pages docs/from-*.md, each as it stands there:
// in a machine of its own, made of namespaces, that has what the reader of the page has.
package pages
