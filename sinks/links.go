package sinks

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"whence/correlate"
)

// A packedLink is a link as the column rest has it, a list without names:
//
//	["re", 1, "in", "aws.role_session", 1763777162]
//	["re", ["human", "alice@example.com", "", "aws"], "cl", "aws.role_session_name"]
//
// The first two letters of its role; where it leads; the first two letters of its
// proof; its method; when its target had to be live, in seconds or as a date, 0 if
// it does not say; and the principal beside a key. It leads to a key, which is a
// number where the column walked has it in that place, or to a principal: type, id,
// name, issuer, unit, owner and other names. What is empty at the end is left out.
type packedLink []json.RawMessage

// packLinks appends the JSON of packed links, at least one.
func packLinks(b []byte, ls []correlate.Link, walked []correlate.Key) (_ []byte, err error) {
	open := byte('[')
	for i := range ls {
		l := &ls[i]
		b = append(append(b, open, '[', '"'), start(l.Role.String())...)
		b = append(b, '"', ',')
		beside := false
		if l.Key.IsZero() {
			b = packPrincipal(b, &l.Principal)
		} else {
			b, beside = packKey(b, &l.Key, walked), !l.Principal.IsZero()
		}
		b = append(append(b, ',', '"'), start(l.Proof.String())...)
		b = appendString(append(b, '"', ','), l.Method)
		switch {
		case !l.At.IsZero() && l.At.Nanosecond() == 0 && l.At.Unix() > 0:
			b = strconv.AppendInt(append(b, ','), l.At.Unix(), 10)
		case !l.At.IsZero():
			if b, err = appendJSONTime(append(b, ','), l.At); err != nil {
				return b, err
			}
		case beside:
			b = append(b, ',', '0')
		}
		if beside {
			b = packPrincipal(append(b, ','), &l.Principal)
		}
		b, open = append(b, ']'), ','
	}
	return append(b, ']'), nil
}

// packKey appends the place of k among those that were looked up, or k.
func packKey(b []byte, k *correlate.Key, walked []correlate.Key) []byte {
	for i := range walked {
		if w := &walked[i]; w.Kind == k.Kind && w.Value == k.Value {
			return strconv.AppendInt(b, int64(i), 10)
		}
	}
	return appendJSONKey(b, k)
}

// start is what a word is known by: no two roles and no two proofs begin alike.
func start(word string) string { return word[:min(2, len(word))] }

func packPrincipal(b []byte, p *correlate.Principal) []byte {
	if p.IsZero() {
		return append(b, '[', ']')
	}
	fields := [...]string{string(p.Type), p.ID, p.Name, p.Issuer, p.Unit, p.Owner}
	n := len(fields)
	for n > 0 && len(p.Names) == 0 && fields[n-1] == "" {
		n--
	}
	open := byte('[')
	for _, f := range fields[:n] {
		b, open = appendString(append(b, open), f), ','
	}
	for _, f := range p.Names {
		b = appendString(append(b, open), f)
	}
	return append(b, ']')
}

// link is what packLinks packed.
func (p packedLink) link(walked []correlate.Key) (l correlate.Link, err error) {
	var parts [6]json.RawMessage
	copy(parts[:], p)
	var role, proof string
	if err := unmarshalIf(parts[0], &role); err != nil {
		return l, err
	}
	if err := unpackTarget(&l, parts[1], walked); err != nil {
		return l, err
	}
	if err := unmarshalIf(parts[2], &proof); err != nil {
		return l, err
	}
	if err := unmarshalIf(parts[3], &l.Method); err != nil {
		return l, err
	}
	if l.At, err = unpackTime(parts[4]); err != nil {
		return l, err
	}
	for r := correlate.Acting; r <= correlate.Creator; r++ {
		if start(r.String()) == role {
			l.Role = r
		}
	}
	for f := correlate.Inferred; f <= correlate.Issued; f++ {
		if start(f.String()) == proof {
			l.Proof = f
		}
	}
	if l.Proof.IsZero() && proof != "" {
		return l, fmt.Errorf("a link has the proof %q", proof)
	}
	return l, unpackPrincipal(&l.Principal, parts[5])
}

func unpackTarget(l *correlate.Link, b json.RawMessage, walked []correlate.Key) error {
	switch {
	case len(b) == 0:
		return nil
	case b[0] == '[':
		return unpackPrincipal(&l.Principal, b)
	case b[0] == '"':
		return json.Unmarshal(b, &l.Key)
	}
	i, err := strconv.Atoi(string(b))
	if err != nil || i < 0 || i >= len(walked) {
		return fmt.Errorf("a link leads to key %s of the %d that were looked up", b, len(walked))
	}
	l.Key = walked[i]
	return nil
}

func unpackTime(b json.RawMessage) (t time.Time, err error) {
	if len(b) == 0 || b[0] == '"' {
		return t, unmarshalIf(b, &t)
	}
	s, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || s == 0 {
		return t, err
	}
	return time.Unix(s, 0).UTC(), nil
}

func unpackPrincipal(p *correlate.Principal, b json.RawMessage) error {
	var fields []string
	if err := unmarshalIf(b, &fields); err != nil || len(fields) == 0 {
		return err
	}
	var first [6]string
	n := copy(first[:], fields)
	*p = correlate.Principal{
		Type: correlate.PrincipalType(first[0]), ID: first[1], Name: first[2], Issuer: first[3], Unit: first[4], Owner: first[5],
	}
	p.Names = append(p.Names, fields[n:]...)
	return nil
}

// unmarshalIf leaves v as it is where there is nothing.
func unmarshalIf(b json.RawMessage, v any) error {
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, v)
}
