package static

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// file is an open file, perhaps one that is compressed already.
type file struct {
	*os.File
	info   fs.FileInfo
	coding string // its content coding; "": none
	varies bool   // others may get another coding
}

// tag is a strong validator: a file that is written again has another time or length.
func (f *file) tag() string {
	b := append(make([]byte, 0, 48), '"')
	b = strconv.AppendInt(b, f.info.ModTime().UnixNano(), 36)
	b = append(b, '-')
	b = strconv.AppendInt(b, f.info.Size(), 36)
	if f.coding != "" {
		b = append(append(b, '-'), f.coding...)
	}
	return string(append(b, '"'))
}

var (
	errDirectory  = errors.New("it is a directory")
	errNotRegular = errors.New("it is neither a file nor a directory")
)

// open opens a file of a directory, in the coding that the client likes best of those
// that stand beside it. The directory is opened each time: a deployment may have put
// another in its place.
func open(dir, name string, accepted []string) (*file, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	plain, err := openIn(root, name)
	if err != nil || !isCompressible(name) {
		return plain, err
	}
	for _, c := range codings {
		info, err := root.Stat(name + c.suffix)
		// An older one is what somebody has forgotten to make again.
		if err != nil || !info.Mode().IsRegular() || info.ModTime().Unix() < plain.info.ModTime().Unix() {
			continue
		}
		plain.varies = true
		if !accepts(accepted, c.name) {
			continue
		}
		if coded, err := openIn(root, name+c.suffix); err == nil {
			_ = plain.Close()
			coded.coding, coded.varies = c.name, true
			return coded, nil
		}
	}
	return plain, nil
}

// openIn opens a regular file. Nothing else is waited for: a pipe has no one at its other
// end.
func openIn(root *os.Root, name string) (*file, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = errDirectory
	case !info.Mode().IsRegular():
		err = errNotRegular
	default:
		return &file{File: f, info: info}, nil
	}
	_ = f.Close()
	return nil, err
}

// kind is what an error means for the request.
type kind int

const (
	missing     kind = iota // there is no such file
	isDirectory             // it is a directory
	denied                  // there is something that is not to be served
	broken                  // there may be one, but now it cannot be told
)

func kindOf(err error) kind {
	errno, isSystems := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, errDirectory):
		return isDirectory
	case errors.Is(err, errNotRegular), errors.Is(err, fs.ErrPermission):
		return denied
	case !isSystems: // a link that leads out of the root has no number
		return denied
	}
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EINVAL:
		return missing
	case syscall.ELOOP, syscall.ENXIO, syscall.EOPNOTSUPP: // links in a circle, devices, sockets
		return denied
	}
	return broken
}

// codings are the ones that may stand beside a file, the best first.
var codings = [...]struct{ name, suffix string }{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}

// accepts says whether Accept-Encoding allows a coding (RFC 9110 12.5.3).
func accepts(fields []string, coding string) bool {
	byStar := false
	for _, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			name, parameters, _ := strings.Cut(part, ";")
			name = strings.TrimSpace(name)
			switch {
			case strings.EqualFold(name, coding), coding == "gzip" && strings.EqualFold(name, "x-gzip"):
				return !isZero(parameters)
			case name == "*":
				byStar = !isZero(parameters)
			}
		}
	}
	return byStar
}

// isZero says whether a weight is none: "q=0".
func isZero(parameters string) bool {
	name, value, ok := strings.Cut(strings.TrimSpace(parameters), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err != nil || q <= 0
}
