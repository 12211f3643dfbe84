package pipeline

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate/ledger"
)

// A place says what a lane has done: everything before head, except the records
// at the bookmarks, whose chains are parked and may still improve. It is what is
// committed: the head as the offset, the rest as its metadata.
type place struct {
	head      int64
	bookmarks []int64 // ascending, each below head
	// seen is the latest event time read; after a restart it says how far a
	// partition without new records had come.
	seen time.Time
	// ledger is where the lane stands in the ledger, if one is kept.
	ledger ledger.Head
	// known is what the table knew when the place was published (index.Table.Known):
	// all that was walked with less is stored once the place is reached. It is
	// announced, not committed.
	known []int64
}

// maxMetadata is the longest metadata a broker takes by default
// (offset.metadata.max.bytes).
const maxMetadata = 4096

// Metadata begins with its version; the second one has a head of the ledger.
const (
	placeVersion  = "w1:"
	ledgerVersion = "w2:"
)

// errBookmarks says that metadata of ours is not what anybody has committed.
var errBookmarks = errors.New("read bookmarks")

var errShort = fmt.Errorf("%w: the metadata ends early", errBookmarks)

// encode returns the offset and metadata to commit. Bookmarks that do not fit
// make the commit wait at the first of them: what comes after is read again.
func (p place) encode() (offset int64, metadata string) {
	const room = (maxMetadata-len(placeVersion))/4*3 - 3
	var seen int64
	if !p.seen.IsZero() {
		seen = p.seen.UnixMilli()
	}
	version, b := placeVersion, binary.AppendVarint(nil, seen)
	if !p.ledger.IsZero() {
		version, b = ledgerVersion, appendHead(b, p.ledger)
	}
	last := int64(0)
	offset = p.head
	for _, m := range p.bookmarks {
		before := len(b)
		b = binary.AppendUvarint(b, uint64(m-last))
		if len(b) > room {
			b, offset = b[:before], m
			break
		}
		last = m
	}
	return offset, version + base64.RawStdEncoding.EncodeToString(b)
}

// decodePlace reads what encode wrote. Metadata of another program, or none, is
// a place without bookmarks; broken metadata of ours is an error, because to
// ignore it would lose what was parked.
func decodePlace(offset int64, metadata string) (place, error) {
	p := place{head: offset}
	text, ours := strings.CutPrefix(metadata, placeVersion)
	entered := false
	if !ours {
		text, entered = strings.CutPrefix(metadata, ledgerVersion)
	}
	if !ours && !entered {
		return p, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return p, fmt.Errorf("%w: %w", errBookmarks, err)
	}
	seen, n := binary.Varint(b)
	if n <= 0 {
		return p, errShort
	}
	if seen != 0 {
		p.seen = time.UnixMilli(seen).UTC()
	}
	b = b[n:]
	if entered {
		if p.ledger, b, err = cutHead(b); err != nil {
			return p, err
		}
	}
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		switch {
		case n <= 0:
			return p, errShort
		case last >= offset, d >= uint64(offset-last), d == 0 && len(p.bookmarks) > 0:
			return p, fmt.Errorf("%w: they do not ascend to the committed offset", errBookmarks)
		}
		last += int64(d)
		p.bookmarks = append(p.bookmarks, last)
		b = b[n:]
	}
	return p, nil
}

// since is p without what comes before begin, which retention has taken.
func (p place) since(begin int64) place {
	p.head = max(p.head, begin)
	p.bookmarks = slices.DeleteFunc(slices.Clone(p.bookmarks), func(b int64) bool { return b < begin })
	return p
}

// start is the first offset to fetch.
func (p place) start() int64 {
	if len(p.bookmarks) > 0 {
		return min(p.head, p.bookmarks[0])
	}
	return p.head
}

// wants reports whether the record at offset is still to be worked on.
func (p place) wants(offset int64) bool {
	if offset >= p.head {
		return true
	}
	_, ok := slices.BinarySearch(p.bookmarks, offset)
	return ok
}

func samePlace(a, b place) bool {
	return a.head == b.head && a.ledger.Same(b.ledger) && a.seen.Equal(b.seen) && slices.Equal(a.bookmarks, b.bookmarks)
}
