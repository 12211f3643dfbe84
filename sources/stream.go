package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Split reads log files of any common shape and yields their values one by one,
// each with the offset of its first byte: a JSON object a line, objects that are
// pretty-printed or simply follow each other, and the elements of top-level
// arrays. Byte order marks, blank lines and commas between values are left out.
// An envelope such as {"Records":[...]} is one value; its source decodes it.
//
// What is not JSON is yielded line by line as it stands, so that it is rejected
// and counted, and reading goes on at the next line. Where a value breaks off,
// its lines are looked at one by one again, so that one damaged line costs no
// other. Of a value or line of more than MaxRecordBytes the first MaxRecordBytes
// and one byte more are yielded, which DecodeRecord rejects as too large, and the
// rest is skipped. Memory stays below a few times that.
//
// raw is valid only until yield returns. Split stops at the first error of
// yield, and returns it as it is, or of r. It is not safe to share r.
func Split(r io.Reader, yield func(raw []byte, offset int64) error) error {
	return split(r, MaxRecordBytes, yield)
}

func split(r io.Reader, maxBytes int, yield func(raw []byte, offset int64) error) error {
	s := &splitter{in: stream{r: r}, maxBytes: maxBytes, yield: yield}
	for {
		before := s.in.offset
		more, err := s.next()
		if err != nil {
			return err
		}
		if s.in.failed() && s.in.offset == before {
			return fmt.Errorf("read log: %w", s.in.err)
		}
		if !more && !s.in.failed() {
			return nil
		}
	}
}

// splitter is the state of one Split.
type splitter struct {
	in       stream
	maxBytes int
	yield    func(raw []byte, offset int64) error
	scan     valueScan
	inArray  bool // between the elements of a top-level array
	after    bool // a comma may follow
	// lineWise is the offset up to which a value that broke off was read. Before
	// it a value must end on its line. So every byte is read twice at most.
	lineWise int64
}

// next yields one value or line, or passes over what stands between them. It
// reports false at the end of the input.
func (s *splitter) next() (bool, error) {
	c, ok := s.in.skipSpace()
	switch {
	case !ok:
		return false, nil
	case c == ',' && (s.after || s.inArray):
		s.after = false
		s.in.discard(1)
		return true, nil
	case c == ']' && s.inArray:
		s.inArray, s.after = false, false
		s.in.discard(1)
		return true, nil
	case c == '{', c == '[' && s.inArray:
		return true, s.value()
	case c == '[' && s.opensArray():
		s.inArray, s.after = true, false
		s.in.discard(1)
		return true, nil
	}
	return true, s.line()
}

// opensArray reports whether the [ here begins an array of objects or arrays, or
// an empty one, rather than a text line such as "[error] ...".
func (s *splitter) opensArray() bool {
	for i := 1; s.in.has(i) && i < 64<<10; i++ {
		if c := s.in.buf[i]; !isSpace(c) {
			return c == '{' || c == '[' || c == ']'
		}
	}
	return false
}

// value yields the object or array that begins here, or its first line.
func (s *splitter) value() error {
	s.scan.reset()
	for n := 0; ; {
		if n > s.maxBytes {
			return s.tooLarge(n)
		}
		if !s.in.has(n) {
			if s.in.failed() {
				return nil
			}
			return s.broken(n)
		}
		b := s.in.buf[n:min(len(s.in.buf), s.maxBytes+1)]
		lineWise := s.in.offset+int64(n) < s.lineWise
		if i := bytes.IndexByte(b, '\n'); lineWise && i >= 0 {
			b = b[:i]
		}
		k, status := s.scan.feed(b)
		n += k
		switch {
		case status == valueDone:
			s.after = true
			return s.emit(n)
		case status == valueBad:
			return s.broken(n)
		case lineWise && s.in.has(n) && s.in.buf[n] == '\n':
			return s.line() // its end is not on its line
		}
	}
}

// broken gives up the value that begins here at byte n, where it cannot go on.
func (s *splitter) broken(n int) error {
	s.lineWise = max(s.lineWise, s.in.offset+int64(n))
	return s.line()
}

// line yields everything up to the end of the line, without the space around it.
func (s *splitter) line() error {
	s.after = false
	for n := 0; ; {
		if n > s.maxBytes {
			if err := s.truncated(); err != nil {
				return err
			}
			s.in.skipLine()
			return nil
		}
		if !s.in.has(n) {
			if s.in.failed() {
				return nil // what was read may be the half of a line
			}
			return s.emit(n)
		}
		b := s.in.buf[n:min(len(s.in.buf), s.maxBytes+1)]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return s.emit(n + i)
		}
		n += len(b)
	}
}

// emit yields the first n bytes and moves past them.
func (s *splitter) emit(n int) error {
	err := s.yield(bytes.TrimRight(s.in.buf[:n], " \t\r\n"), s.in.offset)
	s.in.discard(n)
	return err
}

// tooLarge yields the beginning of a value and skips the rest of it, of which n
// bytes have been scanned.
func (s *splitter) tooLarge(n int) error {
	if err := s.truncated(); err != nil {
		return err
	}
	s.in.discard(n)
	for s.in.has(0) {
		k, status := s.scan.feed(s.in.buf)
		s.in.discard(k)
		switch status {
		case valueDone:
			s.after = true
			return nil
		case valueBad:
			s.in.skipLine()
			return nil
		}
	}
	return nil
}

// truncated yields one byte more than the limit. That byte is no space, so that
// trimming does not make the value look small enough.
func (s *splitter) truncated() error {
	raw := append(bytes.Clone(s.in.buf[:s.maxBytes]), '.')
	return s.yield(raw, s.in.offset)
}

// stream is a reader with a buffer that grows as far as it is asked to look.
type stream struct {
	r      io.Reader
	room   []byte // what buf lies in
	buf    []byte // read and not yet discarded
	offset int64  // of buf[0]
	err    error  // of r; io.EOF at the end
}

const (
	streamChunk    = 64 << 10
	maxEmptyReads  = 100
	byteOrderMark  = "\xef\xbb\xbf"
	byteOrderStart = 0xef
)

// has reports whether there is a byte at buf[i], and reads on until there is.
func (s *stream) has(i int) bool {
	for empty := 0; i >= len(s.buf) && s.err == nil; {
		s.makeRoom()
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf, s.err = s.buf[:len(s.buf)+n], err
		if n > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads && err == nil {
			s.err = io.ErrNoProgress
		}
	}
	return i < len(s.buf)
}

// failed reports whether the reader broke off.
func (s *stream) failed() bool { return s.err != nil && !errors.Is(s.err, io.EOF) }

// makeRoom lets buf end before the end of its memory: by moving it to the front,
// or into twice as much.
func (s *stream) makeRoom() {
	if len(s.buf) < cap(s.buf) {
		return
	}
	if len(s.room) < streamChunk || len(s.buf) > len(s.room)/2 {
		s.room = make([]byte, max(streamChunk, 2*len(s.buf)))
	}
	s.buf = s.room[:copy(s.room, s.buf)]
}

func (s *stream) discard(n int) {
	s.buf = s.buf[n:]
	s.offset += int64(n)
}

// skipSpace moves to the next byte that is no space and returns it. Byte order
// marks count as space: files that were joined have them inside.
func (s *stream) skipSpace() (byte, bool) {
	for s.has(0) {
		n := 0
		for n < len(s.buf) && isSpace(s.buf[n]) {
			n++
		}
		s.discard(n)
		switch {
		case len(s.buf) == 0:
		case s.buf[0] == byteOrderStart && s.has(2) && string(s.buf[:3]) == byteOrderMark:
			s.discard(3)
		default:
			return s.buf[0], true
		}
	}
	return 0, false
}

// skipLine moves to the end of the line.
func (s *stream) skipLine() {
	for s.has(0) {
		if i := bytes.IndexByte(s.buf, '\n'); i >= 0 {
			s.discard(i)
			return
		}
		s.discard(len(s.buf))
	}
}
