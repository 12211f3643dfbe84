package correlate

import "fmt"

// Proof says how well a link is established. Stronger proofs are greater.
type Proof uint8

// The proofs, weakest first.
const (
	// Inferred is a join on an alias, attributes and time with exactly one
	// candidate live.
	Inferred Proof = iota + 1
	// Claimed rests on a string that the caller chose.
	Claimed
	// Attested is stated by the authenticating platform in its log.
	Attested
	// Issued means the issuer's own log shows the parent asking for the child.
	Issued
)

var proofNames = [...]string{"", "inferred", "claimed", "attested", "issued"}

// IsZero reports whether p is unset.
func (p Proof) IsZero() bool { return p == 0 }

// String returns the proof's name, empty when unset.
func (p Proof) String() string {
	if int(p) < len(proofNames) {
		return proofNames[p]
	}
	return fmt.Sprintf("proof(%d)", uint8(p))
}

// ParseProof reads a proof's name; the empty string is the zero Proof.
func ParseProof(s string) (Proof, error) {
	for i, n := range proofNames {
		if n == s {
			return Proof(i), nil
		}
	}
	return 0, fmt.Errorf("proof %q: want inferred, claimed, attested or issued", s)
}

// MarshalText implements encoding.TextMarshaler.
func (p Proof) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Proof) UnmarshalText(b []byte) error {
	v, err := ParseProof(string(b))
	if err != nil {
		return err
	}
	*p = v
	return nil
}
