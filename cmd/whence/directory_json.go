package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"whence/correlate"
)

// directoryRecord is one record of the directory's topic: an entry under its id, as in
// a line of CSV, or the version, alone under any other key.
type directoryRecord struct {
	Kind    string   `json:"kind"`
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Unit    string   `json:"unit"`
	Owner   string   `json:"owner"`
	Manager string   `json:"manager"`
	From    string   `json:"from"`
	Until   string   `json:"until"`
	Aliases []string `json:"aliases"`
	Version *uint32  `json:"version"`
}

// readRecord reads one record. Its key must be the entry's id, or a later record
// without a value could not remove it.
func (r *roster) readRecord(at, key string, value []byte) {
	r.file = at
	var rec directoryRecord
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rec); err != nil || dec.More() {
		r.refuse(0, "want one JSON object with kind, %s, or with version alone", strings.Join(fields, ", "))
		return
	}
	if rec.Version != nil {
		v := *rec.Version
		if rec.Version = nil; rec.Kind+rec.ID != "" {
			r.refuse(0, "the version stands in a record of its own")
			return
		}
		r.raise(0, v)
		return
	}
	s := slices.IndexFunc(sections, func(s section) bool { return s.kind == strings.ToLower(rec.Kind) })
	switch {
	case s < 0:
		r.refuse(0, "kind %q: want person, service or schedule", rec.Kind)
		return
	case correlate.Fold(key) != correlate.Fold(strings.TrimSpace(rec.ID)):
		r.refuse(0, "the record's key is %q and the entry's id %q: they must be the same", key, rec.ID)
		return
	}
	r.add(sections[s], 0, map[string]string{
		"id": strings.TrimSpace(rec.ID), "name": rec.Name, "type": rec.Type, "unit": rec.Unit, "owner": strings.TrimSpace(rec.Owner),
		"manager": strings.TrimSpace(rec.Manager), "from": rec.From, "until": rec.Until,
	}, rec.Aliases)
}
