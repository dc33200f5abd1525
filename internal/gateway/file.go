package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"highball/internal/wire"
)

// file handles a File frame: a regular file's descriptor, to be sent from an
// offset. The server sends it by sendfile(2) where the connection allows.
func (x *exchange) file(h wire.Header, payload []byte) error {
	d := wire.NewDecoder(payload)
	d.Tuple(4)
	hd, err := x.decodeHead(&d)
	offset, count := d.Int(), d.Int()
	if err == nil {
		err = d.Err()
	}
	f, fileErr := x.call.File()
	switch {
	case errors.Is(fileErr, syscall.EMFILE):
		return x.noFile(fileErr)
	case fileErr != nil:
		return fileErr
	}
	defer f.Close()
	if err != nil {
		return x.badHead(err)
	}
	if offset < 0 || count < 0 {
		return fmt.Errorf("%w: a file from %d, %d bytes", wire.ErrMalformed, offset, count)
	}
	if x.silent() {
		return nil
	}
	if x.headSent {
		return fmt.Errorf("%w: a second head", wire.ErrMalformed)
	}
	x.writeHead(hd)
	x.ended = true
	if x.r.Method == http.MethodHead || !bodyAllowed(hd.status) {
		return nil
	}
	if hd.length >= 0 {
		count = min(count, hd.length) // sendfile would not be stopped by the server
	}
	x.lend(h)
	x.sendFile(f, offset, count)
	if !x.gone && x.sent < max(count, hd.length) {
		x.cut = true
		x.failure = fmt.Sprintf("the file ended after %d bytes of %d", x.sent, max(count, hd.length))
		x.g.opts.Logger.Error(x.failure, x.attrs()...)
		x.flush()
	}
	return nil
}

// noFile answers a request whose file this process could not open: a fault that
// passes when others have ended.
func (x *exchange) noFile(err error) error {
	if x.silent() {
		return nil
	}
	reason := "the file of the response could not be opened: " + err.Error()
	x.g.opts.Logger.Error(reason+": raise the limit of this server (LimitNOFILE of systemd, ulimit -n)", x.attrs()...)
	x.refuse(&refusal{status: http.StatusServiceUnavailable, reason: reason, retryAfter: 1})
	return nil
}

// sendFile copies the file to the client. The descriptor shares its offset with
// the application's file object, so that a descriptor of our own is opened, as
// far as the system lets us.
func (x *exchange) sendFile(f *os.File, offset, count int64) {
	var src io.Reader = io.NewSectionReader(f, offset, count)
	own, err := os.Open("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if err == nil {
		defer own.Close()
		if _, err := own.Seek(offset, io.SeekStart); err == nil {
			src = io.LimitReader(own, count) // the form that servers take for sendfile
		}
	}
	x.guardDeadlock(func() {
		n, err := io.Copy(x.w, src)
		x.sent += n
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			x.unsent(err)
		}
	})
}
