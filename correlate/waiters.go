package correlate

// waiters are the parked chains by the keys they wait for. Nearly every key is
// waited for by one chain alone, which is held without a set of its own: a set is some
// 200 bytes in several objects, and all of it is the collector's to look at.
type waiters map[Key]waiter

type waiter struct {
	one  ID
	more map[ID]struct{} // all of them, one among them; nil for one alone
}

func (ws waiters) add(k Key, id ID) {
	w, ok := ws[k]
	switch {
	case !ok:
		ws[k] = waiter{one: id}
	case w.more != nil:
		w.more[id] = struct{}{}
	case w.one != id:
		ws[k] = waiter{one: id, more: map[ID]struct{}{w.one: {}, id: {}}}
	}
}

func (ws waiters) remove(k Key, id ID) {
	w, ok := ws[k]
	switch {
	case !ok:
	case w.more != nil:
		if delete(w.more, id); len(w.more) == 0 {
			delete(ws, k)
		}
	case w.one == id:
		delete(ws, k)
	}
}

// of adds the chains that wait for k to ids.
func (ws waiters) of(k Key, ids map[ID]struct{}) {
	w, ok := ws[k]
	switch {
	case !ok:
	case w.more == nil:
		ids[w.one] = struct{}{}
	default:
		for id := range w.more {
			ids[id] = struct{}{}
		}
	}
}
