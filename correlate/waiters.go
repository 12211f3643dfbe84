package correlate

// waiters are the slots of parked chains by the hashes of the keys they wait for.
// Nearly every key is waited for by one chain alone, which is held without a set of
// its own, in a map without pointers: the collector does not look into it.
type waiters struct {
	one  map[uint64]int32
	more map[uint64]map[int32]struct{} // all of them, where there are several
}

func newWaiters() waiters {
	return waiters{one: map[uint64]int32{}, more: map[uint64]map[int32]struct{}{}}
}

func (ws waiters) add(k uint64, slot int32) {
	if set, ok := ws.more[k]; ok {
		set[slot] = struct{}{}
		return
	}
	first, ok := ws.one[k]
	switch {
	case !ok:
		ws.one[k] = slot
	case first != slot:
		delete(ws.one, k)
		ws.more[k] = map[int32]struct{}{first: {}, slot: {}}
	}
}

func (ws waiters) remove(k uint64, slot int32) {
	if set, ok := ws.more[k]; ok {
		if delete(set, slot); len(set) == 0 {
			delete(ws.more, k)
		}
		return
	}
	if first, ok := ws.one[k]; ok && first == slot {
		delete(ws.one, k)
	}
}

// of adds the slots that wait for k to slots.
func (ws waiters) of(k uint64, slots map[int32]struct{}) {
	if first, ok := ws.one[k]; ok {
		slots[first] = struct{}{}
	}
	for s := range ws.more[k] {
		slots[s] = struct{}{}
	}
}

func (ws waiters) empty() bool { return len(ws.one)+len(ws.more) == 0 }
