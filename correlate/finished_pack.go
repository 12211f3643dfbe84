package correlate

import (
	"math"
	"unsafe"
)

// A keeper writes down what a finished walk keeps of its chain: requestor, hops,
// candidates, and what it looked at and waits for.
type keeper struct {
	names *names
	rest  rest
	// spelled are the texts in rest.text, and places where: most keys come three times.
	spelled []string
	places  []place
	long    bool // there is more text than there are places for
}

// mostSpelled bounds how many texts are searched for one.
const mostSpelled = 64

func (k *keeper) reset() {
	r := &k.rest
	*r = rest{r.stamps[:0], r.hops[:0], r.candidates[:0], r.walked[:0], r.waits[:0], r.names[:0], r.text[:0]}
	clear(k.spelled)
	k.spelled, k.places, k.long = k.spelled[:0], k.places[:0], false
}

// chain writes down all but the stamps. It reports false if there is too much of it.
func (k *keeper) chain(c *Chain, head *finished) bool {
	r := &k.rest
	head.requestor = k.principal(&c.Requestor, 0)
	head.missing, head.reason = k.key(&c.Missing), k.text(c.Reason)
	for i := range c.Hops {
		h := &c.Hops[i]
		to := keptHop{
			principal: k.principal(&h.Principal, h.Proof), key: k.key(&h.Key),
			// Seconds and nanoseconds apart, as the zero time is out of reach of
			// nanoseconds since 1970.
			sec: h.Time.Unix(), nsec: uint32(h.Time.Nanosecond()),
			method: k.name(h.Method), eventID: k.text(h.EventID), source: k.name(h.Source), state: k.name(h.State),
		}
		r.hops = append(r.hops, to)
	}
	for i := range c.Candidates {
		o := &c.Candidates[i]
		r.candidates = append(r.candidates, keptCandidate{
			k.principal(&o.Principal, o.Proof), k.key(&o.Key), k.name(o.Method), k.text(o.EventID), k.name(o.Why),
		})
	}
	for i := range c.Walked {
		r.walked = append(r.walked, k.key(&c.Walked[i]))
	}
	for i := range c.Waits {
		r.waits = append(r.waits, k.key(&c.Waits[i]))
	}
	return !k.long
}

func (k *keeper) key(of *Key) keptKey { return keptKey{k.name(string(of.Kind)), k.text(of.Value)} }

func (k *keeper) principal(p *Principal, proof Proof) keptPrincipal {
	for _, n := range p.Names {
		k.rest.names = append(k.rest.names, k.name(n))
	}
	k.long = k.long || len(p.Names) > math.MaxUint16
	return keptPrincipal{
		k.name(string(p.Type)), k.name(p.ID), k.name(p.Name), k.name(p.Issuer), k.name(p.Unit), k.name(p.Owner), uint16(len(p.Names)), proof,
	}
}

// name writes what other walks may well say too.
func (k *keeper) name(s string) place {
	if p, ok := k.names.place(s); ok {
		return p
	}
	return k.text(s)
}

// text writes what is of this walk.
func (k *keeper) text(s string) place {
	if s == "" {
		return 0
	}
	for i, old := range k.spelled {
		if old == s {
			return k.places[i]
		}
	}
	at := len(k.rest.text)
	if len(s) > maxPlaceText || at > maxPlace {
		k.long = true
		return 0
	}
	p := placeOf(at, len(s), ownText)
	if len(k.spelled) < mostSpelled {
		k.spelled, k.places = append(k.spelled, s), append(k.places, p)
	}
	k.rest.text = append(k.rest.text, s...)
	return p
}

// memories are those that the texts of the walk are in. If it has none of its own, the
// empty text lies there all the same.
func (w *finished) memories(r *rest, f *Finished) texts {
	at := unsafe.Pointer(w)
	if len(r.text) > 0 {
		at = unsafe.Pointer(unsafe.SliceData(r.text))
	}
	return texts{ownText: at, sharedText: f.names.memory()}
}
