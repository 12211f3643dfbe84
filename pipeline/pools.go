package pipeline

import (
	"bytes"
	"math/bits"
	"slices"
	"sort"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pools lend the client what it unpacks fetched batches into. A batch goes back when
// the last of its records has been worked on: records and the events decoded from
// them are gone by then. It saves a sixth of what fetching costs.
type pools struct {
	mu    sync.Mutex
	lists [recordSizes][][]kgo.Record // likewise, by the power of two they have room for
	room  int                         // records that lists have room for
	idle  [poolSizes][]piece          // of each class the one that came back last is lent first
	held  int                         // bytes in idle
	back  uint64                      // pieces that came back
	times float64                     // how many times as large as its batch a log is
}

// piece is memory that waits to be lent again.
type piece struct {
	b    []byte
	back uint64 // the number of its return
}

func newPools() *pools { return &pools{times: firstGuess} }

// Pieces are pooled by their size, four classes to a doubling, from 64 KiB to almost
// 16 MiB: a piece is kept until the last of its records is done with, so room in it
// that nothing is unpacked into is memory for nothing.
const (
	poolSizes   = 32
	firstPooled = 64 << 10
	// firstGuess is how many times as large as its batch a log is taken to be until
	// some have been seen, and slack what is given beyond the guess: a piece that is
	// too small is grown to twice its size.
	firstGuess = 5
	slack      = 8 // one in eight
	learnOver  = 8 // batches
	mostTimes  = 64
	// mostIdle bounds the pieces that wait to be lent again. A sync.Pool would lose
	// them to every second collection, and they would be made anew, which is what the
	// next one collects. What is too much is what nobody has asked for longest: or the
	// pool would fill with the sizes that are not in demand, and lend nothing.
	mostIdle = 12 << 20
)

// classBytes is the size of the pieces of a class.
func classBytes(class int) int { return firstPooled / 4 * (4 + class%4) << (class / 4) }

// classFor is the first class whose pieces have room for n bytes.
func classFor(n int) int {
	return sort.Search(poolSizes, func(class int) bool { return classBytes(class) >= n })
}

// GetDecompressBytes implements kgo.PoolDecompressBytes.
func (p *pools) GetDecompressBytes(packed []byte, _ kgo.CompressionCodecType) []byte {
	n := p.guess(len(packed))
	class := classFor(n)
	if class == poolSizes {
		return make([]byte, 0, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := class; c < min(class+4, poolSizes); c++ { // up to twice the size
		if n := len(p.idle[c]); n > 0 {
			b := p.idle[c][n-1].b
			p.idle[c][n-1] = piece{}
			p.idle[c] = p.idle[c][:n-1]
			p.held -= cap(b)
			return b[:0]
		}
	}
	return make([]byte, 0, classBytes(class))
}

// PutDecompressBytes implements kgo.PoolDecompressBytes. A piece that had to be
// grown is of no class exactly, and goes to the one below.
func (p *pools) PutDecompressBytes(b []byte) {
	class := classFor(cap(b))
	if class == poolSizes || classBytes(class) > cap(b) {
		class--
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if class < 0 || cap(b) >= 2*classBytes(class) {
		return
	}
	p.back++
	p.idle[class] = append(p.idle[class], piece{b, p.back})
	for p.held += cap(b); p.held > mostIdle; {
		p.drop()
	}
}

// drop leaves the piece that has been idle longest to the collector.
func (p *pools) drop() {
	oldest := -1
	for c := range p.idle {
		if len(p.idle[c]) > 0 && (oldest < 0 || p.idle[c][0].back < p.idle[oldest][0].back) {
			oldest = c
		}
	}
	p.held -= cap(p.idle[oldest][0].b)
	p.idle[oldest] = slices.Delete(p.idle[oldest], 0, 1)
}

// guess is what a packed batch of n bytes will unpack to, with some room.
func (p *pools) guess(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = int(float64(n) * p.times)
	return n + n/slack + bytes.MinRead
}

// OnFetchBatchRead implements kgo.HookFetchBatchRead: it learns how well the log
// packs. The mean moves by a part of the way with each batch.
func (p *pools) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.FetchBatchMetrics) {
	if m.CompressionType == 0 || m.CompressedBytes == 0 {
		return
	}
	times := min(float64(m.UncompressedBytes)/float64(m.CompressedBytes), mostTimes)
	p.mu.Lock()
	p.times += (times - p.times) / learnOver
	p.mu.Unlock()
}

// Lists of records have room for a power of two, up to 16,384. How many records are in a
// batch differs: where a list that is too small for one was lost, as many were made as
// were lent.
const (
	recordSizes = 15
	mostRoom    = 1 << 14 // of lists that wait to be lent again: 3.5 MB
)

// GetRecords implements kgo.PoolRecords.
func (p *pools) GetRecords(n int) []kgo.Record {
	class := bits.Len(uint(max(n, 1) - 1))
	if class >= recordSizes {
		return make([]kgo.Record, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := class; c < min(class+2, recordSizes); c++ {
		if last := len(p.lists[c]) - 1; last >= 0 {
			rs := p.lists[c][last]
			p.lists[c][last] = nil
			p.lists[c] = p.lists[c][:last]
			p.room -= cap(rs)
			return rs[:n]
		}
	}
	return make([]kgo.Record, n, 1<<class)
}

// PutRecords implements kgo.PoolRecords.
func (p *pools) PutRecords(rs []kgo.Record) {
	class := bits.Len(uint(cap(rs))) - 1
	p.mu.Lock()
	defer p.mu.Unlock()
	if class < 0 || class >= recordSizes || p.room+cap(rs) > mostRoom {
		return
	}
	p.lists[class] = append(p.lists[class], rs)
	p.room += cap(rs)
}
