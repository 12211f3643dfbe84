package pipeline

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
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
}

// maxMetadata is the longest metadata a broker takes by default
// (offset.metadata.max.bytes).
const maxMetadata = 4096

const placeVersion = "w1:"

// errBookmarks says that metadata of ours is not what anybody has committed.
var errBookmarks = errors.New("read bookmarks")

// encode returns the offset and metadata to commit. Bookmarks that do not fit
// make the commit wait at the first of them: what comes after is read again.
func (p place) encode() (offset int64, metadata string) {
	const room = (maxMetadata-len(placeVersion))/4*3 - 3
	var seen int64
	if !p.seen.IsZero() {
		seen = p.seen.UnixMilli()
	}
	b := binary.AppendVarint(nil, seen)
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
	return offset, placeVersion + base64.RawStdEncoding.EncodeToString(b)
}

// decodePlace reads what encode wrote. Metadata of another program, or none, is
// a place without bookmarks; broken metadata of ours is an error, because to
// ignore it would lose what was parked.
func decodePlace(offset int64, metadata string) (place, error) {
	p := place{head: offset}
	text, ours := strings.CutPrefix(metadata, placeVersion)
	if !ours {
		return p, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return p, fmt.Errorf("%w: %w", errBookmarks, err)
	}
	seen, n := binary.Varint(b)
	if n <= 0 {
		return p, fmt.Errorf("%w: the metadata ends early", errBookmarks)
	}
	if seen != 0 {
		p.seen = time.UnixMilli(seen).UTC()
	}
	b = b[n:]
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		switch {
		case n <= 0:
			return p, fmt.Errorf("%w: the metadata ends early", errBookmarks)
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
	return a.head == b.head && a.seen.Equal(b.seen) && slices.Equal(a.bookmarks, b.bookmarks)
}
