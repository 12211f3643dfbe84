package sinks

import (
	"encoding/binary"

	"github.com/ClickHouse/ch-go/proto"
)

// A glossary is a column of a part as words.
type glossary struct {
	part          []*block
	at            int // the column's place in the table
	words, values int
}

// wordPays is how often a word must be used, on average, to be worth its place.
const wordPays = 2

// glossaryOf returns the glossary of a column whose strips are of words, and whether
// it pays to send it.
func glossaryOf(part []*block, at int) (g glossary, pays bool) {
	g = glossary{part: part, at: at}
	for _, b := range part {
		g.words += len(b.strips[at].spans)
		g.values += len(b.strips[at].codes)
	}
	return g, g.words > 0 && wordPays*g.words <= g.values
}

// The layout of a LowCardinality column; see proto.ColLowCardinality.
const (
	wordsVersion = 1
	wordsOfOwn   = 1<<9 | 1<<10 // the words come with the values
)

// append appends the words of all blocks, one after the other, and where the word of
// each value is among them.
func (g *glossary) append(b []byte) []byte {
	width := proto.KeyUInt8
	switch {
	case g.words > 1<<16:
		width = proto.KeyUInt32
	case g.words > 1<<8:
		width = proto.KeyUInt16
	}
	b = binary.LittleEndian.AppendUint64(b, wordsOfOwn|uint64(width))
	b = binary.LittleEndian.AppendUint64(b, uint64(g.words))
	for _, bl := range g.part {
		b = append(b, bl.strips[g.at].cells...)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(g.values))
	before := 0
	for _, bl := range g.part {
		s := &bl.strips[g.at]
		for i := range len(s.chapters) + 1 {
			codes, first := s.chapter(i)
			b = appendCodes(b, codes, before+first, width)
		}
		before += len(s.spans)
	}
	return b
}

func appendCodes(b, codes []byte, first int, width proto.CardinalityKey) []byte {
	switch {
	case width == proto.KeyUInt8 && first == 0:
		return append(b, codes...)
	case width == proto.KeyUInt8:
		for _, c := range codes {
			b = append(b, byte(first)+c)
		}
	case width == proto.KeyUInt16:
		for _, c := range codes {
			b = binary.LittleEndian.AppendUint16(b, uint16(first)+uint16(c))
		}
	default:
		for _, c := range codes {
			b = binary.LittleEndian.AppendUint32(b, uint32(first)+uint32(c))
		}
	}
	return b
}
