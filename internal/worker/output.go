package worker

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// maxLine is where a line of output without an end is cut, in bytes.
const maxLine = 64 << 10

// outputGrace is how long the output of an ended process is still read.
const outputGrace = time.Second

// outputs are the pipes that become stdout and stderr of a Python process, so
// that what it prints reaches the log and never the wire.
type outputs struct {
	stdout, stderr *os.File // the process's ends
	readers        [2]*os.File
	start          func()

	said said
}

// capture makes the pipes. The readers begin with start and count in wg; the
// process's ends are closed by start, after the process has them.
func capture(logger *slog.Logger, wg *sync.WaitGroup, pid func() int) (*outputs, error) {
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		_ = outR.Close()
		_ = outW.Close()
		return nil, err
	}
	o := &outputs{stdout: outW, stderr: errW, readers: [2]*os.File{outR, errR}}
	o.start = func() {
		_ = outW.Close()
		_ = errW.Close()
		wg.Go(func() { o.copyLines(outR, logger, "stdout", pid()) })
		wg.Go(func() { o.copyLines(errR, logger, "stderr", pid()) })
	}
	return o, nil
}

// expire bounds how long output is still read: a process that the ended one has
// left behind may hold the pipes open for ever.
func (o *outputs) expire() {
	for _, r := range o.readers {
		_ = r.SetReadDeadline(time.Now().Add(outputGrace))
	}
}

func (o *outputs) close() {
	for _, f := range []*os.File{o.stdout, o.stderr, o.readers[0], o.readers[1]} {
		_ = f.Close()
	}
}

// copyLines logs each line that comes out of r.
func (o *outputs) copyLines(r *os.File, logger *slog.Logger, stream string, pid int) {
	defer r.Close()
	br := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := br.ReadSlice('\n')
		if len(line) > 0 {
			level, text := slog.LevelInfo, strings.TrimRight(string(line), "\r\n")
			dumping, logged := false, true
			if stream == "stderr" {
				dumping, logged = o.said.add(text)
			}
			if dumping {
				level = slog.LevelError // it is worth an alert
			}
			if logged {
				logger.Log(context.Background(), level, text, "stream", stream, "pid", pid)
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if !errors.Is(err, io.EOF) {
				logger.Debug("output ended", "stream", stream, "pid", pid, "error", err)
			}
			return
		}
	}
}
