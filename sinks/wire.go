package sinks

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
	"whence/correlate/arena"
)

// A strip is one column of one block in the bytes of ClickHouse's native protocol:
// the values end to end and, of a column of arrays that leads others, where each
// row's values end, counted in values. It owns its bytes and is used again, block
// after block.
type strip struct {
	cells []byte
	ends  []uint64
	// used says that some value is not what the server fills in for a column that
	// an insert leaves out: half of the columns of most inserts are not used. So no
	// column may have a default of its own in the schema.
	used bool
	room []byte // for values whose length comes before them and is not known yet
	err  error  // the first row that cannot be encoded
	// words are set in a strip of few different texts. Its cells are those, each once.
	words
}

func (s *strip) reset() {
	s.cells, s.ends, s.used, s.err = s.cells[:0], s.ends[:0], false, nil
	s.words.reset()
}

// values is how many values a column of arrays that leads others has.
func (s *strip) values() uint64 {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

func (s *strip) bytes() int { return len(s.cells) + 8*len(s.ends) + len(s.codes) }

// The types of our columns. The server makes LowCardinality(String) of String.
const (
	wireText  proto.ColumnType = "String"
	wireTime  proto.ColumnType = "DateTime64(9, 'UTC')"
	wireBool  proto.ColumnType = "Bool"
	wireU32   proto.ColumnType = "UInt32"
	wireU64   proto.ColumnType = "UInt64"
	wireI32   proto.ColumnType = "Int32"
	wireI64   proto.ColumnType = "Int64"
	wireFloat proto.ColumnType = "Float64"

	wireWords     proto.ColumnType = "LowCardinality(String)"
	wireWordLists proto.ColumnType = "Array(LowCardinality(String))"
)

// appendText appends a String: its length and its bytes.
func appendText[S ~string | ~[]byte](b []byte, s S) []byte {
	if len(s) < 0x80 {
		b = append(b, byte(len(s)))
	} else {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	return append(b, s...)
}

// appendID appends what ID.String gives.
func appendID(b []byte, id *correlate.ID) []byte { return appendHex(b, id[:]) }

// appendHex appends up to 63 bytes as a String of hex, four of them at once.
func appendHex(b, raw []byte) []byte {
	b = append(b, byte(hex.EncodedLen(len(raw))))
	for ; len(raw) >= 4; raw = raw[4:] {
		b = binary.LittleEndian.AppendUint64(b, arena.HexOf(binary.LittleEndian.Uint32(raw)))
	}
	return hex.AppendEncode(b, raw)
}

// appendKey appends what Key.String gives.
func appendKey(b []byte, k *correlate.Key) []byte {
	if k.IsZero() {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(k.Kind)+1+len(k.Value)))
	return append(append(append(b, k.Kind...), ':'), k.Value...)
}

// blank reports whether a value is its type's default: an empty text begins with
// its length, and what has a fixed size is all zeros.
func blank(cell []byte, t proto.ColumnType) bool {
	if t == wireText {
		return cell[0] == 0
	}
	for _, b := range cell {
		if b != 0 {
			return false
		}
	}
	return true
}
