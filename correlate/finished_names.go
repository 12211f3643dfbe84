package correlate

import "whence/correlate/lexicon"

// names are those that walks share, with the last that one walker asked for at hand:
// the lexicon itself takes a lock and a look into a map. It is owned by one goroutine.
type names struct {
	shared *lexicon.Lexicon[string]
	recent [recentNames]struct {
		name string // as the lexicon has it
		id   uint32
	}
}

const recentNames = 256

// number returns the number of s, if it has or now gets one. Without names nothing has.
func (n *names) number(s string) (uint32, bool) {
	if n == nil {
		return 0, false
	}
	v, w := ends(s[max(0, len(s)-16):])
	r := &n.recent[(v^w*digestA^uint64(len(s)))*digestB>>56%recentNames]
	if r.name == s {
		return r.id, true
	}
	id, ok := n.shared.Number(s)
	if !ok {
		if !n.shared.Sight(s) {
			return 0, false
		}
		if id, ok = n.shared.Add(s, func(s string) string { return s }); !ok {
			return 0, false
		}
	}
	r.name, r.id = n.shared.At(uint64(id)), id
	return id, true
}
