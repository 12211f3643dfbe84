package sinks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"whence/correlate"
)

// An Encoding is how a chain or an alert is written for others.
type Encoding string

// The encodings.
const (
	// Native is the chain's own JSON: docs/DESIGN.md section 6.
	Native Encoding = "native"
	// OCSF is the Open Cybersecurity Schema Framework, version 1.8.0.
	OCSF Encoding = "ocsf"
	// ECS is the Elastic Common Schema, version 9.
	ECS Encoding = "ecs"
)

// Encodings are all there are.
func Encodings() []Encoding { return []Encoding{Native, OCSF, ECS} }

// Validate reports an encoding that is none. The empty one is Native.
func (e Encoding) Validate() error {
	if e == "" || slices.Contains(Encodings(), e) {
		return nil
	}
	names := make([]string, len(Encodings()))
	for i, known := range Encodings() {
		names[i] = string(known)
	}
	return fmt.Errorf("encoding %q: want %s", e, strings.Join(names, ", "))
}

// AppendChain appends c, as one JSON value without a line's end. It keeps nothing of c.
// It fails only for a time that has no four-digit year.
func (e Encoding) AppendChain(b []byte, c *correlate.Chain) (_ []byte, err error) {
	switch e {
	case OCSF:
		b, err = appendOCSF(b, c)
	case ECS:
		b, err = appendECS(b, c)
	default:
		b, err = appendChain(b, c)
	}
	if err != nil {
		return b, fmt.Errorf("encode chain %s: %w", c.ID, err)
	}
	return b, nil
}

// AppendAlert appends a as AppendChain does a chain.
func (e Encoding) AppendAlert(b []byte, a *correlate.Alert) (_ []byte, err error) {
	switch e {
	case OCSF:
		b, err = appendOCSFFinding(b, a)
	case ECS:
		b, err = appendECSAlert(b, a)
	default:
		var j []byte
		j, err = json.Marshal(a)
		b = append(b, j...)
	}
	if err != nil {
		return b, fmt.Errorf("encode alert %s: %w", a.ID, err)
	}
	return b, nil
}
