package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
	"whence/sinks"
)

// examples is how many differences are shown of each sort.
const examples = 5

// compare reads both databases and says how they differ.
func (t *trial) compare(ctx context.Context, a, b *side) (r result, err error) {
	var both [2]*contents
	var archives [2]*sinks.ClickHouse
	for i, s := range []*side{a, b} {
		if archives[i], err = t.archive(ctx, s); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, archives[i].Close(context.WithoutCancel(ctx))) }()
		if both[i], err = t.read(ctx, s, archives[i]); err != nil {
			return r, err
		}
		t.say("%s: %d chains, %d open alerts", s.Name, len(both[i].chains), len(both[i].alerts))
	}
	d := compare(t.raw.expected, both[0], both[1])
	for _, l := range d.lost[:min(examples, len(d.lost))] {
		t.say("lost: %s %s (%s: %d, %s: %d)", l.source, l.eventID, a.Name, both[0].lines[l], b.Name, both[1].lines[l])
	}
	for _, l := range d.duplicated[:min(examples, len(d.duplicated))] {
		t.say("duplicated: %s %s (%s: %d, %s: %d)", l.source, l.eventID, a.Name, both[0].lines[l], b.Name, both[1].lines[l])
	}
	for _, id := range d.alerts[:min(examples, len(d.alerts))] {
		t.say("open alert %s:\n  %s: %s\n  %s: %s", id, a.Name, both[0].alerts[id], b.Name, both[1].alerts[id])
	}
	for _, id := range d.chains[:min(examples, len(d.chains))] {
		if err := t.show(ctx, id, archives[0], archives[1]); err != nil {
			return r, err
		}
	}
	return result{len(t.raw.expected), t.faults, len(d.lost), len(d.duplicated), len(d.chains) + len(d.alerts)}, nil
}

// read takes in all that a side's database says now.
func (t *trial) read(ctx context.Context, s *side, archive *sinks.ClickHouse) (*contents, error) {
	c := newContents()
	rows := 0
	err := archive.Between(ctx, time.Time{}, time.Time{}, func(ch correlate.Chain) error {
		rows++
		c.add(&ch)
		return nil
	})
	if err != nil {
		return nil, err
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{t.clickhouse}, Auth: clickhouse.Auth{Database: s.Database}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var now uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM chains_now").Scan(&now); err != nil {
		return nil, fmt.Errorf("count chains_now: %w", err)
	}
	if now != uint64(rows) {
		return nil, fmt.Errorf("chains_now of %s has %d rows and the archive yields %d", s.Database, now, rows)
	}
	alerts, err := conn.Query(ctx, "SELECT id, toString(tuple(* EXCEPT id)) FROM alerts_now WHERE state = 'open'")
	if err != nil {
		return nil, fmt.Errorf("read alerts_now: %w", err)
	}
	defer alerts.Close()
	for alerts.Next() {
		var id, text string
		if err := alerts.Scan(&id, &text); err != nil {
			return nil, fmt.Errorf("read alerts_now: %w", err)
		}
		c.alerts[id] = text
	}
	return c, alerts.Err()
}

// show prints the fields in which two chains of one id differ.
func (t *trial) show(ctx context.Context, id correlate.ID, a, b *sinks.ClickHouse) error {
	var fields [2]map[string]json.RawMessage
	for i, archive := range []*sinks.ClickHouse{a, b} {
		c, _, err := archive.Chain(ctx, id)
		if err != nil {
			return err
		}
		text, err := c.MarshalJSON()
		if err == nil {
			err = json.Unmarshal(text, &fields[i])
		}
		if err != nil {
			return err
		}
	}
	t.say("different: %s %s %s", id, fields[1]["source"], fields[1]["event_id"])
	for _, name := range slices.Sorted(maps.Keys(either(fields[0], fields[1]))) {
		if x, y := fields[0][name], fields[1][name]; !bytes.Equal(x, y) {
			t.say("  %s\n    - %s\n    + %s", name, x, y)
		}
	}
	return nil
}
