package index

import (
	"slices"
	"strings"

	"whence/correlate"
)

// A shape is what a fact shares with thousands of others: everything but its ids,
// names and times. An entry has the number of the shape in place of some fifteen
// fields, and a look-up copies them at once.
type shape struct {
	has  uint16
	fact correlate.Fact // with what all facts of the shape have
	who  whoShape
	// links are the parents, likewise.
	links []linkShape
}

type linkShape struct {
	has  uint16
	link correlate.Link
	who  whoShape
}

// A whoShape says which texts of a principal follow.
type whoShape struct{ has, names uint8 }

const (
	atTime = 1 << iota
	atStart
	startIsTime // and atStart is not set
	atEnd
	forever
	toTarget
	toKey = toTarget
	atAt  = atTime
)

const (
	whoID = 1 << iota
	whoName
	whoUnit
	whoOwner
)

const maxShaped = 255 // parents, or names of one principal, of a fact with a shape

// appendShape appends what makes f's shape, which serves as its name.
func appendShape(b []byte, f *correlate.Fact) (_ []byte, ok bool) {
	if len(f.Parents) > maxShaped || len(f.Principal.Names) > maxShaped {
		return b, false
	}
	b = append(b, byte(f.Kind), byte(f.Proof), byte(shapeOf(f)), byte(len(f.Parents)))
	for _, s := range [...]string{f.Source, f.Method, f.Reason, string(f.Target.Kind)} {
		b = appendString(b, s)
	}
	b = appendWhoShape(b, &f.Principal)
	for i := range f.Parents {
		l := &f.Parents[i]
		if len(l.Principal.Names) > maxShaped {
			return b, false
		}
		b = append(b, byte(l.Role), byte(l.Proof), byte(shapeOfLink(l)))
		b = appendString(appendString(b, l.Method), string(l.Key.Kind))
		b = appendWhoShape(b, &l.Principal)
	}
	return b, true
}

func appendWhoShape(b []byte, p *correlate.Principal) []byte {
	who := whoOf(p)
	b = append(b, who.has, who.names)
	return appendString(appendString(b, string(p.Type)), p.Issuer)
}

func shapeOf(f *correlate.Fact) uint16 {
	has := uint16(flag(!f.Time.IsZero(), atTime) | flag(!f.End.IsZero(), atEnd) |
		flag(f.Standing, forever) | flag(!f.Target.IsZero(), toTarget))
	switch {
	case f.Start.IsZero():
		return has
	case f.Start.Equal(f.Time):
		return has | startIsTime
	}
	return has | atStart
}

func shapeOfLink(l *correlate.Link) uint16 {
	return uint16(flag(!l.At.IsZero(), atAt) | flag(!l.Key.IsZero(), toKey))
}

func whoOf(p *correlate.Principal) whoShape {
	return whoShape{
		has:   flag(p.ID != "", whoID) | flag(p.Name != "", whoName) | flag(p.Unit != "", whoUnit) | flag(p.Owner != "", whoOwner),
		names: uint8(len(p.Names)),
	}
}

// newShape is the shape of f. It shares no memory with f, which may be lent.
func newShape(f *correlate.Fact) *shape {
	s := &shape{
		has: shapeOf(f), who: whoOf(&f.Principal),
		fact: correlate.Fact{
			Kind: f.Kind, Proof: f.Proof, Standing: f.Standing,
			Source: strings.Clone(f.Source), Method: strings.Clone(f.Method), Reason: strings.Clone(f.Reason),
			Target: kindOnly(f.Target), Principal: typeOnly(&f.Principal),
		},
	}
	for i := range f.Parents {
		l := &f.Parents[i]
		s.links = append(s.links, linkShape{
			has: shapeOfLink(l), who: whoOf(&l.Principal),
			link: correlate.Link{
				Role: l.Role, Proof: l.Proof, Method: strings.Clone(l.Method),
				Key: kindOnly(l.Key), Principal: typeOnly(&l.Principal),
			},
		})
	}
	s.links = slices.Clip(s.links)
	return s
}

func kindOnly(k correlate.Key) correlate.Key {
	return correlate.Key{Kind: correlate.Kind(strings.Clone(string(k.Kind)))}
}

func typeOnly(p *correlate.Principal) correlate.Principal {
	return correlate.Principal{
		Type: correlate.PrincipalType(strings.Clone(string(p.Type))), Issuer: strings.Clone(p.Issuer),
	}
}
