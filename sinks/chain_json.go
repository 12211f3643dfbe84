package sinks

import (
	"encoding/hex"
	"strconv"

	"whence/correlate"
)

// appendChain appends the JSON of c, the same bytes as its MarshalJSON.
func appendChain(b []byte, c *correlate.Chain) (_ []byte, err error) {
	b = appendJSONID(append(b, `{"id":`...), c.ID)
	b = strconv.AppendUint(append(b, `,"version":`...), c.Version, 10)
	b = strconv.AppendUint(append(b, `,"rank":`...), uint64(c.Rank), 10)
	b = strconv.AppendBool(append(b, `,"settled":`...), c.Settled)
	b = appendJSONID(append(b, `,"action_id":`...), c.ActionID)
	b = strconv.AppendBool(append(b, `,"primary":`...), c.Primary)
	if b, err = appendJSONTime(append(b, `,"time":`...), c.Time.UTC()); err != nil {
		return b, err
	}
	b = appendString(append(b, `,"source":`...), c.Source)
	b = appendString(append(b, `,"event_id":`...), c.EventID)
	b = appendString(append(b, `,"status":`...), string(c.Status))
	b = append(append(append(b, `,"proof":"`...), c.Proof.String()...), '"')
	b = appendJSONKey(append(b, `,"missing":`...), &c.Missing)
	b = appendString(append(b, `,"reason":`...), c.Reason)
	b = appendString(append(b, `,"tenant":`...), c.Tenant)
	if !c.Requestor.IsZero() {
		b = appendPrincipal(append(b, `,"requestor":`...), &c.Requestor)
	}
	if b, err = appendApprovers(append(b, `,"approvers":[`...), c.Approvers); err != nil {
		return b, err
	}
	b = appendPrincipal(append(b, `],"executor":`...), &c.Actor)
	if k := c.Key(); !k.IsZero() {
		b[len(b)-1] = ','
		b = append(appendJSONKey(append(b, `"key":`...), &k), '}')
	}
	if b, err = appendHops(append(b, `,"hops":[`...), c.Hops); err != nil {
		return b, err
	}
	b = appendCandidates(append(b, `],"candidates":[`...), c.Candidates)
	b = appendString(append(b, `],"action":`...), c.Action)
	b = appendString(append(b, `,"class":`...), string(c.Class))
	b = appendString(append(b, `,"outcome":`...), string(c.Outcome))
	b = appendString(append(b, `,"error":`...), c.Error)
	b = append(b, `,"resources":[`...)
	for i := range c.Resources {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"type":`...), c.Resources[i].Type)
		b = append(appendString(append(b, `,"id":`...), c.Resources[i].ID), '}')
	}
	b = appendContext(append(b, `],"context":`...), &c.Context)
	if !c.Usage.IsZero() {
		b = appendUsage(append(b, `,"usage":`...), &c.Usage)
	}
	b = append(b, `,"evidence":{`...)
	if c.Evidence.Topic != "" {
		b = append(appendString(append(b, `"topic":`...), c.Evidence.Topic), ',')
	}
	b = strconv.AppendInt(append(b, `"partition":`...), int64(c.Evidence.Partition), 10)
	b = strconv.AppendInt(append(b, `,"offset":`...), c.Evidence.Offset, 10)
	b = append(appendString(append(b, `,"sha256":`...), c.Evidence.SHA256), '}')
	if len(c.Signals) > 0 {
		b = appendStrings(append(b, `,"signals":`...), c.Signals)
	}
	return append(b, '}'), nil
}

func appendApprovers(b []byte, as []correlate.Approver) (_ []byte, err error) {
	for i := range as {
		a := &as[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPrincipal(b, &a.Principal)
		b[len(b)-1] = ','
		if b, err = appendJSONTime(append(b, `"time":`...), a.Time.UTC()); err != nil {
			return b, err
		}
		b = appendString(append(b, `,"via":`...), a.Via)
		b = append(appendString(append(b, `,"event_id":`...), a.EventID), '}')
	}
	return b, nil
}

func appendHops(b []byte, hs []correlate.Hop) (_ []byte, err error) {
	for i := range hs {
		h := &hs[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if !h.Key.IsZero() {
			b = append(appendJSONKey(append(b, `"key":`...), &h.Key), ',')
		}
		b = appendPrincipal(append(b, `"principal":`...), &h.Principal)
		b = append(append(append(b, `,"proof":"`...), h.Proof.String()...), '"')
		b = appendString(append(b, `,"method":`...), h.Method)
		if h.EventID != "" {
			b = appendString(append(b, `,"event_id":`...), h.EventID)
		}
		if h.Source != "" {
			b = appendString(append(b, `,"source":`...), h.Source)
		}
		if !h.Time.IsZero() {
			if b, err = appendJSONTime(append(b, `,"time":`...), h.Time.UTC()); err != nil {
				return b, err
			}
		}
		if h.State != "" {
			b = appendString(append(b, `,"state":`...), h.State)
		}
		b = append(b, '}')
	}
	return b, nil
}

func appendCandidates(b []byte, cs []correlate.Candidate) []byte {
	for i := range cs {
		c := &cs[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if !c.Key.IsZero() {
			b = append(appendJSONKey(append(b, `"key":`...), &c.Key), ',')
		}
		if !c.Principal.IsZero() {
			b = append(appendPrincipal(append(b, `"principal":`...), &c.Principal), ',')
		}
		if !c.Proof.IsZero() {
			b = append(append(append(b, `"proof":"`...), c.Proof.String()...), `",`...)
		}
		if c.Method != "" {
			b = append(appendString(append(b, `"method":`...), c.Method), ',')
		}
		if c.EventID != "" {
			b = append(appendString(append(b, `"event_id":`...), c.EventID), ',')
		}
		b = append(appendString(append(b, `"why":`...), c.Why), '}')
	}
	return b
}

func appendContext(b []byte, c *correlate.Context) []byte {
	open := byte('{')
	for _, f := range [...]struct{ name, value string }{
		{`"ip":`, c.IP},
		{`"agent":`, c.Agent},
		{`"account":`, c.Account},
		{`"region":`, c.Region},
		{`"session":`, c.Session},
		{`"trace":`, c.Trace},
		{`"ticket":`, c.Ticket},
		{`"app":`, c.App},
		{`"unit":`, c.Unit},
	} {
		if f.value != "" {
			b = appendString(append(append(b, open), f.name...), f.value)
			open = ','
		}
	}
	if open == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

func appendUsage(b []byte, u *correlate.Usage) []byte {
	open := byte('{')
	if u.Model != "" {
		b, open = appendString(append(append(b, open), `"model":`...), u.Model), ','
	}
	if u.InputTokens != 0 {
		b, open = strconv.AppendInt(append(append(b, open), `"input_tokens":`...), u.InputTokens, 10), ','
	}
	if u.OutputTokens != 0 {
		b, open = strconv.AppendInt(append(append(b, open), `"output_tokens":`...), u.OutputTokens, 10), ','
	}
	if u.CostUSD != 0 {
		b, open = appendFloat(append(append(b, open), `"cost_usd":`...), u.CostUSD), ','
	}
	if open == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

func appendJSONID(b []byte, id correlate.ID) []byte {
	return append(hex.AppendEncode(append(b, '"'), id[:]), '"')
}

// appendFloat writes v, which is finite, as encoding/json does.
func appendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := max(v, -v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, v, format, -1, 64)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 is e-9
		b = b[:n-1]
	}
	return b
}
