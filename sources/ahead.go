package sources

import (
	"bytes"

	"whence/correlate"
	"whence/correlate/arena"
)

// AheadRecords is how many records are hashed at a time, before they are decoded: as
// many as stay in the nearest cache until they are. Decoding finds them there, then,
// and not far away; hashing waits for nothing it reads, as it takes longer than reading.
const AheadRecords = 16

// ahead are records that come next, and their sums.
type ahead struct {
	sums    correlate.ManySums
	records [AheadRecords][]byte
	hexes   [AheadRecords][]byte
	count   int
	next    int // the first that was not asked for
	asked   int // how many were
	pause   int // how many calls of Ahead to let pass
}

// mostPause is for how many calls of Ahead nothing is hashed when records turn out to be
// no lines: envelopes are not hashed, but what is in them.
const mostPause = 64

// Ahead tells b which records will be decoded next, AheadRecords or fewer, in that order.
// Their bytes must not change before they are. It makes decoding them cheaper, and changes
// nothing of what is decoded, even if others are decoded instead. Only the last Ahead
// counts, until Reset.
func (b *Batch) Ahead(records [][]byte) {
	a := &b.ahead
	if a.forget(); a.pause > 0 {
		a.pause--
		return
	}
	if b.sums.Standard {
		return
	}
	a.count = copy(a.records[:], records)
	for i, raw := range a.records[:a.count] {
		if !bare(raw) {
			a.records[i] = trimmed(raw)
		}
		a.hexes[i] = b.text.Bytes(correlate.HexBytes)
	}
	a.sums.Hex(a.hexes[:a.count], a.records[:a.count])
}

// Standard has crypto/sha256 take all hashes from now on, for whoever checks what others
// have taken. Ahead does nothing then.
func (b *Batch) Standard() { b.sums.Standard = true }

// hash is the SHA-256 of raw in lower-case hex, lent by b: the evidence hash.
func (b *Batch) hash(raw []byte) string {
	if hex, ok := b.ahead.hash(raw); ok {
		return hex
	}
	hex := b.text.Bytes(correlate.HexBytes)
	b.sums.Hex(hex, raw)
	return arena.View(hex)
}

// hashNamed is the evidence hash of raw, and the ID of parts and that.
func (b *Batch) hashNamed(raw []byte, parts ...string) (string, correlate.ID) {
	if hex, ok := b.ahead.hash(raw); ok {
		var room [8]string
		return hex, b.sums.ID(append(append(room[:0], parts...), hex)...)
	}
	hex := b.text.Bytes(correlate.HexBytes)
	id := b.sums.Named(hex, raw, parts...)
	return arena.View(hex), id
}

// byHash gives e the evidence hash of its line, and an ID by that within scope.
func (b *Batch) byHash(e *correlate.Event, scope string) {
	e.Evidence.SHA256, e.ID = b.hashNamed(e.Line, e.Source, scope)
	e.EventID, e.ActionID = e.Evidence.SHA256, e.ID
}

// byHashes is byHash of two events of one source.
func (b *Batch) byHashes(e, f *correlate.Event, scope string) {
	hexE, hexF := b.text.Bytes(correlate.HexBytes), b.text.Bytes(correlate.HexBytes)
	e.ID, f.ID = b.sums.Two(hexE, e.Line, hexF, f.Line, e.Source, scope)
	e.Evidence.SHA256, f.Evidence.SHA256 = arena.View(hexE), arena.View(hexF)
	e.EventID, e.ActionID = e.Evidence.SHA256, e.ID
	f.EventID, f.ActionID = f.Evidence.SHA256, f.ID
}

// hashBoth is the evidence hash of raw, and the ID of parts, at once.
func (b *Batch) hashBoth(raw []byte, parts ...string) (string, correlate.ID) {
	if hex, ok := b.ahead.hash(raw); ok {
		return hex, b.sums.ID(parts...)
	}
	hex := b.text.Bytes(correlate.HexBytes)
	id := b.sums.Both(hex, raw, parts...)
	return arena.View(hex), id
}

// hash returns the hash of raw if it is one of the records.
func (a *ahead) hash(raw []byte) (string, bool) {
	for i := a.next; i < a.count; i++ {
		if r := a.records[i]; len(r) == len(raw) && len(r) > 0 && &r[0] == &raw[0] {
			a.next, a.asked = i+1, a.asked+1
			return arena.View(a.hexes[i]), true
		}
	}
	return "", false
}

// forget lets go of the records.
func (a *ahead) forget() {
	if a.asked < a.count/2 {
		a.pause = mostPause
	}
	clear(a.records[:a.count])
	clear(a.hexes[:a.count])
	a.count, a.next, a.asked = 0, 0, 0
}

// trimmed is a record of text without the white space around it.
func trimmed(raw []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
}
