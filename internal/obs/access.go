package obs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Keys of an access record's attributes. Those marked optional are left out when
// there is nothing to say.
const (
	KeyRequestID  = "request_id"
	KeyRemoteAddr = "remote_addr"
	KeyMethod     = "method"
	KeyTarget     = "target"
	KeyProto      = "proto"
	KeyStatus     = "status"
	KeyBytes      = "bytes"
	KeyDuration   = "duration"
	KeyQueueTime  = "queue_time" // optional
	KeyAppTime    = "app_time"   // optional
	KeyReferer    = "referer"    // optional
	KeyUserAgent  = "user_agent" // optional
	KeyHost       = "host"       // optional
	KeyWorkerPID  = "worker_pid" // optional
	KeyApp        = "app"        // optional
	KeyError      = "error"      // optional

	keyDetails = "details" // of records whose logger wants them
)

// accessMessage is the message of every access record.
const accessMessage = "request"

// AccessRecord is what the access log says about one request.
type AccessRecord struct {
	Time       time.Time // when the request began
	RequestID  string
	RemoteAddr string // the client, as "host:port" or a bare address; empty on a Unix socket
	Method     string
	Target     string // the request target as the client sent it
	Proto      string // "HTTP/1.1"
	Status     int
	Bytes      int64         // sent of the response's body
	Duration   time.Duration // from the first byte of the request to the last of the response
	QueueTime  time.Duration // of it, waiting for a worker
	AppTime    time.Duration // of it, in the application up to the response's head
	Referer    string
	UserAgent  string
	Host       string
	WorkerPID  int    // 0 if no worker saw the request
	App        string // which of several applications it was for
	Error      error  // why the request failed, or nil

	Details *Details // for a logger that WantsDetails; else nil
}

// Clone returns a record whose texts are its own.
func (r AccessRecord) Clone() AccessRecord {
	for _, text := range [...]*string{&r.RequestID, &r.Method, &r.Target, &r.Referer, &r.UserAgent, &r.Host} {
		*text = strings.Clone(*text)
	}
	return r
}

// LogTo logs r as attributes with the constant keys of this package. Nothing is
// formatted unless l prints it. A nil l logs nothing.
func (r *AccessRecord) LogTo(ctx context.Context, l *slog.Logger) {
	if l == nil || !l.Enabled(ctx, slog.LevelInfo) {
		return
	}
	// Assembled on the stack: 16 is the number of keys.
	attrs := append(make([]slog.Attr, 0, 16),
		slog.String(KeyRequestID, r.RequestID),
		slog.String(KeyRemoteAddr, r.RemoteAddr),
		slog.String(KeyMethod, r.Method),
		slog.String(KeyTarget, r.Target),
		slog.String(KeyProto, r.Proto),
		slog.Int(KeyStatus, r.Status),
		slog.Int64(KeyBytes, r.Bytes),
		slog.Duration(KeyDuration, r.Duration),
	)
	attrs = r.appendOptional(attrs)
	rec := slog.NewRecord(r.Time, slog.LevelInfo, accessMessage, 0)
	rec.AddAttrs(attrs...)
	_ = l.Handler().Handle(ctx, rec) // as slog.Logger: there is nobody to tell
}

func (r *AccessRecord) appendOptional(attrs []slog.Attr) []slog.Attr {
	if r.QueueTime != 0 {
		attrs = append(attrs, slog.Duration(KeyQueueTime, r.QueueTime))
	}
	if r.AppTime != 0 {
		attrs = append(attrs, slog.Duration(KeyAppTime, r.AppTime))
	}
	if r.Referer != "" {
		attrs = append(attrs, slog.String(KeyReferer, r.Referer))
	}
	if r.UserAgent != "" {
		attrs = append(attrs, slog.String(KeyUserAgent, r.UserAgent))
	}
	if r.Host != "" {
		attrs = append(attrs, slog.String(KeyHost, r.Host))
	}
	if r.WorkerPID != 0 {
		attrs = append(attrs, slog.Int(KeyWorkerPID, r.WorkerPID))
	}
	if r.App != "" {
		attrs = append(attrs, slog.String(KeyApp, r.App))
	}
	if r.Error != nil {
		attrs = append(attrs, slog.Any(KeyError, r.Error))
	}
	if r.Details != nil {
		attrs = append(attrs, slog.Any(keyDetails, r.Details))
	}
	return attrs
}

// NewAccessLogger returns a logger for access records, each with one Write to w.
// The format "json" gives one object a line, durations in seconds. Any other
// format is Apache's Combined Log Format, followed by the duration and the time
// in the queue, both in seconds, the request ID and, where there are several applications,
// the name of the one:
//
//	host - - [time] "request line" status bytes "referer" "user agent" 0.001234 0.000100 id app
func NewAccessLogger(w io.Writer, format string) *slog.Logger {
	if format == FormatJSON {
		return slog.New(newJSONHandler(w, slog.LevelInfo))
	}
	return slog.New(&lineHandler{out: &output{w: w}})
}

// LogFile is a file that a log goes to. It may be opened again while others write.
type LogFile struct {
	name string // "access log"
	path string
	mu   sync.RWMutex
	file *os.File
}

// OpenLog opens the file at path for appending; a new one can be read by its owner and
// group only. "-" is the standard output, which Close leaves open. The name, "access
// log", is for errors.
func OpenLog(name, path string) (*LogFile, error) {
	f, err := openLog(name, path)
	return &LogFile{name: name, path: path, file: f}, err
}

func openLog(name, path string) (*os.File, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
	switch {
	case err == nil:
		return f, nil
	case path != "" && errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s %s: directory %s does not exist: create it first: %w", name, path, filepath.Dir(path), fs.ErrNotExist)
	}
	return nil, fmt.Errorf("%s %q: %w: choose a file that this user may write, or -", name, path, errors.Unwrap(err))
}

// Write appends p as one piece.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.file.Write(p)
}

// Reopen goes on in the file that has the path now. On an error the old one stays.
func (l *LogFile) Reopen() error {
	f, err := openLog(l.name, l.path)
	if err != nil {
		return err
	}
	l.mu.Lock()
	old := l.file
	l.file = f
	l.mu.Unlock()
	return closeLog(old)
}

// With has the file that is written now used for something else.
func (l *LogFile) With(use func(*os.File) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return use(l.file)
}

// GiveTo has the file belong to a user, who has to open it again later. One that is not
// this user's own, or has other names, may have been put there by somebody: it stays as
// it is.
func (l *LogFile) GiveTo(uid, gid int) error {
	info, err := l.file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	named, err := os.Lstat(l.path)
	st, ok := info.Sys().(*syscall.Stat_t)
	if err != nil || !ok || !os.SameFile(info, named) || st.Nlink != 1 || int(st.Uid) != os.Geteuid() {
		return err
	}
	return l.file.Chown(uid, gid)
}

// Close closes the file.
func (l *LogFile) Close() error { return closeLog(l.file) }

func closeLog(f *os.File) error {
	if f == nil || f == os.Stdout {
		return nil
	}
	return f.Close()
}
