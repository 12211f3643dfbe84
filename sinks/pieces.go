package sinks

import (
	"slices"
	"sort"
)

// pieces are memory for packed loads, by size, four sizes to a doubling, from 16 KiB to
// almost 4 MiB. The zero value is ready; it is owned by one goroutine at a time.
type pieces struct {
	idle [pieceSizes][]piece // of each size the one that came back last is lent first
	held int                 // bytes in idle
	back uint64              // pieces that came back
}

// piece is memory that waits to be used again.
type piece struct {
	b    []byte
	back uint64 // the number of its return
}

const (
	pieceSizes = 32
	leastPiece = 16 << 10
	// mostIdle bounds what waits: a little less than pipeline.flight_rows of common logs
	// take. What is too much is what nobody has asked for longest.
	mostIdle = 24 << 20
)

func pieceBytes(class int) int { return leastPiece / 4 * (4 + class%4) << (class / 4) }

func pieceFor(n int) int {
	return sort.Search(pieceSizes, func(class int) bool { return pieceBytes(class) >= n })
}

// take returns a piece of n bytes at least, with anything in it.
func (p *pieces) take(n int) []byte {
	class := pieceFor(n)
	if class == pieceSizes {
		return make([]byte, n)
	}
	for c := class; c < min(class+4, pieceSizes); c++ { // up to twice the size
		if last := len(p.idle[c]) - 1; last >= 0 {
			b := p.idle[c][last].b
			p.idle[c][last] = piece{}
			p.idle[c] = p.idle[c][:last]
			p.held -= len(b)
			return b
		}
	}
	return make([]byte, pieceBytes(class))
}

// give takes a piece back. A larger one than there are sizes is left to the collector.
func (p *pieces) give(b []byte) {
	class := pieceFor(len(b))
	if len(b) == 0 || class == pieceSizes || pieceBytes(class) != len(b) {
		return
	}
	p.back++
	p.idle[class] = append(p.idle[class], piece{b, p.back})
	for p.held += len(b); p.held > mostIdle; {
		p.drop()
	}
}

// drop leaves the piece that has been idle longest to the collector.
func (p *pieces) drop() {
	oldest := -1
	for c := range p.idle {
		if len(p.idle[c]) > 0 && (oldest < 0 || p.idle[c][0].back < p.idle[oldest][0].back) {
			oldest = c
		}
	}
	p.held -= len(p.idle[oldest][0].b)
	p.idle[oldest] = slices.Delete(p.idle[oldest], 0, 1)
}
