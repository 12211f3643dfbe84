package correlate

// small is a map for a handful of entries, which is what a walk has: comparing them
// one after the other costs less than hashing, and nothing is allocated once it has
// its size. From fewEntries on it keeps a map beside, so that a name that thousands
// of sessions carry does not cost their square.
type small[K comparable, V any] struct {
	keys   []K
	values []V
	at     map[K]int
}

const fewEntries = 16

// get returns where k's value is, or nil. It is good until the next put.
func (s *small[K, V]) get(k K) *V {
	if len(s.keys) > fewEntries {
		if i, ok := s.at[k]; ok {
			return &s.values[i]
		}
		return nil
	}
	for i := range s.keys {
		if s.keys[i] == k {
			return &s.values[i]
		}
	}
	return nil
}

// put adds k, which must not be there yet.
func (s *small[K, V]) put(k K, v V) {
	s.keys, s.values = append(s.keys, k), append(s.values, v)
	switch n := len(s.keys); {
	case n <= fewEntries:
	case n == fewEntries+1:
		if s.at == nil {
			s.at = map[K]int{}
		}
		for i, k := range s.keys {
			s.at[k] = i
		}
	default:
		s.at[k] = n - 1
	}
}

// mostEntries is what a map keeps room for between walks.
const mostEntries = 1024

func (s *small[K, V]) reset() {
	if len(s.keys) > mostEntries {
		*s = small[K, V]{}
		return
	}
	s.keys, s.values = s.keys[:0], s.values[:0]
	clear(s.at)
}
