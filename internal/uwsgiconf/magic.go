package uwsgiconf

import (
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Version is the version whose behaviour is followed, and what %V says.
const Version = "2.0.31"

// magic knows what %x stands for in a file. What stands for nothing is taken out, as
// uWSGI does: a percent sign is written %%.
type magic struct {
	sys                   System
	path, first           string // without links
	written, firstWritten string
	section               string // that was asked for
}

func (r *reader) magicFor(path, section string) magic {
	return magic{r.sys, r.real(path), r.real(r.first), path, r.first, section}
}

// expand returns the lines of a text. A % before the end of a line takes that end away.
func (m magic) expand(text string) (lines []line) {
	var b strings.Builder
	begin, number := 1, 1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '%' && i+1 < len(text) && text[i+1] != '(':
			i++
			b.WriteString(m.value(text[i]))
			if text[i] == '\n' {
				number++
			}
		case c == '\n':
			lines = append(lines, line{b.String(), begin})
			b.Reset()
			number++
			begin = number
		default:
			b.WriteByte(c)
		}
	}
	return append(lines, line{b.String(), begin})
}

func (m magic) value(c byte) string {
	switch c {
	case '%':
		return "%"
	case 'h':
		return m.sys.Hostname
	case 'k':
		return strconv.Itoa(m.sys.CPUs)
	case 't':
		return strconv.FormatInt(m.sys.Seconds, 10)
	case 'T':
		return strconv.FormatInt(m.sys.Microseconds, 10)
	case 'u':
		return strconv.Itoa(m.sys.UID)
	case 'U':
		return m.sys.User
	case 'g':
		return strconv.Itoa(m.sys.GID)
	case 'G':
		return m.sys.Group
	case 'v':
		return m.sys.Dir
	case 'V':
		return Version
	case 'b':
		return m.sys.Program
	case '[':
		return "\x1b"
	case 'x', 'X':
		return m.section
	case 'o':
		return m.written
	case 'O':
		return m.firstWritten
	}
	return m.ofFile(c)
}

// of is the file that c is about: in capitals the first one.
func (m magic) of(c byte) string {
	if c >= 'A' && c <= 'Z' {
		return m.first
	}
	return m.path
}

func (m magic) ofFile(c byte) string {
	path := m.of(c)
	dir, name := filepath.Split(path)
	switch c {
	case 'p', 'P':
		return path
	case 's', 'S':
		return name
	case 'd', 'D':
		return dir
	case 'c', 'C':
		return filepath.Base(dir)
	case 'e', 'E':
		return strings.TrimPrefix(filepath.Ext(name), ".")
	case 'n', 'N':
		return strings.TrimSuffix(name, filepath.Ext(name))
	case 'i', 'I':
		return inode(path)
	case 'j', 'J':
		return fmt.Sprintf("%08X", bits.ReverseBytes32(djb33x(path)))
	}
	if c >= '0' && c <= '9' {
		parts := strings.Split(strings.Trim(dir, "/"), "/")
		if n := int(c - '0'); n < len(parts) {
			return parts[n]
		}
	}
	return ""
}

func inode(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strconv.FormatUint(stat.Ino, 10)
}

// djb33x is the hash that uWSGI names files by.
func djb33x(text string) uint32 {
	hash := uint32(5381)
	for i := range len(text) {
		hash = hash<<5 + hash ^ uint32(text[i])
	}
	return hash
}
