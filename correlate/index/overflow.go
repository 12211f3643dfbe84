package index

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// An overflow is where chunks of the exact table go when there is no more memory for
// them: a file of chunks beside the store. What is in it is the process's own, as its
// numbers for texts are, so the file has no name and is gone with the process. It is a
// shorter way to what the store has as well: an entry is one read of some two hundred
// bytes, mostly out of the memory in which the system keeps files, where the store
// searches several levels of blocks (BenchmarkCold).
//
// It takes limit chunks at most; more is not taken, and whoever has some in it lets the
// oldest go first. A disk that does not take a chunk, or does not give one back, costs
// what was in it, which is read from the store then: nothing more is written from then
// on. It is safe for concurrent use. A nil overflow takes nothing.
type overflow struct {
	file   spool
	limit  int
	failed atomic.Bool
	tell   func(error) // why it failed, once

	mu    sync.Mutex
	spare []uint32 // chunks that were let go
	next  uint32   // the first that was never used
	held  atomic.Int64
}

// A spool is a file that is read and written at places. Only its own process sees it,
// and it is gone when that ends.
type spool interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// A spooler is a Store beside which there is room for a spool. Pebble is one.
type spooler interface {
	// spool makes one. It is called once.
	spool() (spool, error)
}

// newOverflow makes one of so many bytes at most.
func newOverflow(file spool, bytes int64, tell func(error)) *overflow {
	return &overflow{file: file, limit: int(min(bytes/chunkBytes, 1<<31)), tell: tell}
}

// takes reports whether there is one, and it takes chunks.
func (o *overflow) takes() bool { return o != nil && !o.failed.Load() }

// put writes a chunk and returns where it is.
func (o *overflow) put(chunk []byte) (at uint32, ok bool) {
	if !o.takes() {
		return 0, false
	}
	if at, ok = o.take(); !ok {
		return 0, false
	}
	if _, err := o.file.WriteAt(chunk, int64(at)*chunkBytes); err != nil {
		o.fail(err)
		o.letGo(at)
		return 0, false
	}
	return at, true
}

func (o *overflow) take() (at uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.spare); n > 0 {
		at, o.spare = o.spare[n-1], o.spare[:n-1]
	} else if at = o.next; int(at) < o.limit {
		o.next++
	} else {
		return 0, false
	}
	o.held.Add(chunkBytes)
	return at, true
}

// letGo gives a chunk's place to the next one.
func (o *overflow) letGo(at uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spare = append(o.spare, at)
	o.held.Add(-chunkBytes)
}

// read reads what is in a chunk from a place in it on.
func (o *overflow) read(b []byte, at uint32, from int) bool {
	_, err := o.file.ReadAt(b, int64(at)*chunkBytes+int64(from))
	if err != nil {
		o.fail(err)
	}
	return err == nil
}

func (o *overflow) fail(err error) {
	if !errors.Is(err, os.ErrClosed) && !o.failed.Swap(true) {
		o.tell(err)
	}
}

func (o *overflow) bytes() int64 {
	if o == nil {
		return 0
	}
	return o.held.Load()
}

func (o *overflow) close() error {
	if o == nil {
		return nil
	}
	return o.file.Close()
}
