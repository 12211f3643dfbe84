package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"

	"whence/correlate"
)

// digest is the SHA-256 of what a chain's JSON says, but for its version and the
// place of its record, because lines come twice, and for the other names of hops,
// candidates and approvers, which topics tell and databases do not keep.
type digest [sha256.Size]byte

// core is what there is to compare of a chain's JSON, without reading all of it: the
// version is the second member, and the evidence the last. Within texts a quotation
// mark has a backslash before it, so neither can be mistaken.
func core(value []byte) (id correlate.ID, version uint64, content digest, err error) {
	const before, middle, last = `{"id":"`, `","version":`, `,"evidence":`
	const text = 2 * len(id)
	evidence := bytes.LastIndex(value, []byte(last))
	rest, ok := bytes.CutPrefix(value, []byte(before))
	if !ok || len(rest) < text || evidence < 0 {
		return id, 0, content, notAChain(value)
	}
	name := rest[:text]
	if rest, ok = bytes.CutPrefix(rest[text:], []byte(middle)); !ok {
		return id, 0, content, notAChain(value)
	}
	digits, rest, ok := bytes.Cut(rest, []byte{','})
	if !ok || len(rest) < len(value)-evidence {
		return id, 0, content, notAChain(value)
	}
	if id, err = correlate.ParseID(string(name)); err != nil {
		return id, 0, content, err
	}
	if version, err = strconv.ParseUint(string(digits), 10, 64); err != nil {
		return id, 0, content, err
	}
	var ev correlate.Evidence
	if err := json.Unmarshal(bytes.TrimSuffix(value[evidence+len(last):], []byte{'}'}), &ev); err != nil {
		return id, 0, content, err
	}
	h := sha256.New()
	h.Write(name)
	hashWithoutNames(h, rest[:len(rest)-(len(value)-evidence)])
	h.Write([]byte(ev.SHA256))
	h.Sum(content[:0])
	return id, version, content, nil
}

// hashWithoutNames leaves the names out that databases do not keep.
func hashWithoutNames(h hash.Hash, rest []byte) {
	for _, at := range []struct {
		member string
		drop   bool // the names, from here on
	}{{`,"approvers":`, true}, {`,"executor":`, false}, {`,"hops":`, true}, {`,"action":`, false}} {
		before, after, ok := bytes.Cut(rest, []byte(at.member))
		if !ok {
			break
		}
		if at.drop {
			h.Write(before)
		} else {
			hashNameless(h, before)
		}
		h.Write([]byte(at.member))
		rest = after
	}
	h.Write(rest)
}

func hashNameless(h hash.Hash, part []byte) {
	for {
		before, names, ok := bytes.Cut(part, []byte(`,"names":[`))
		h.Write(before)
		if !ok {
			return
		}
		part = names[endOfList(names):]
	}
}

// endOfList is where a list of texts, the begin of which is past, is over.
func endOfList(b []byte) int {
	text := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\':
			i++
		case b[i] == '"':
			text = !text
		case b[i] == ']' && !text:
			return i + 1
		}
	}
	return len(b)
}

func notAChain(value []byte) error {
	return fmt.Errorf("this is no chain as JSON: %.80q", value)
}
