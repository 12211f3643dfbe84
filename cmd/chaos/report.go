package main

import (
	"bytes"
	"cmp"
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

// compare reads both databases and all topics, and says how they differ.
func (t *trial) compare(ctx context.Context, a, b *side) (r result, err error) {
	var both [2]*contents
	var archives [2]*sinks.ClickHouse
	for i, s := range []*side{a, b} {
		if archives[i], err = t.archive(ctx, s); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, archives[i].Close(context.WithoutCancel(ctx))) }()
		var open map[correlate.ID]openAlert
		if both[i], open, err = t.read(ctx, s, archives[i]); err != nil {
			return r, err
		}
		t.say("%s: %d chains, %d open alerts", s.Name, len(both[i].chains), len(open))
		said, err := t.announcements(ctx, s)
		if err != nil {
			return r, err
		}
		m := match(both[i], open, said)
		if err := t.showMismatch(ctx, s, m, archives[i], open, said); err != nil {
			return r, err
		}
		r.siem += m.count()
	}
	d := compare(t.raw.expected, both[0], both[1])
	t.showLines("lost", d.lost)
	t.showLines("duplicated", d.duplicated)
	for _, id := range d.alerts[:min(examples, len(d.alerts))] {
		t.say("open alert %s:\n  %s: %s\n  %s: %s", id, a.Name, both[0].alerts[id], b.Name, both[1].alerts[id])
	}
	for _, id := range d.chains[:min(examples, len(d.chains))] {
		x, err := stored(ctx, archives[0], id)
		if err != nil {
			return r, err
		}
		y, err := stored(ctx, archives[1], id)
		if err != nil {
			return r, err
		}
		t.show("different", id, x, y)
	}
	r.lost, r.duplicated, r.different = len(d.lost), len(d.duplicated), len(d.chains)+len(d.alerts)
	return r, nil
}

// read takes in all that a side's database says now.
func (t *trial) read(ctx context.Context, s *side, archive *sinks.ClickHouse) (*contents, map[correlate.ID]openAlert, error) {
	c := newContents()
	rows := 0
	err := archive.Between(ctx, time.Time{}, time.Time{}, func(ch correlate.Chain) error {
		rows++
		b, err := ch.MarshalJSON()
		if err != nil {
			return err
		}
		id, version, content, err := core(b)
		if err != nil {
			return err
		}
		c.add(id, line(ch.Source, ch.EventID), version, content)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{t.clickhouse.addr}, Auth: clickhouse.Auth{Database: s.Database}})
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	var now uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM chains_now").Scan(&now); err != nil {
		return nil, nil, fmt.Errorf("count chains_now: %w", err)
	}
	if now != uint64(rows) {
		return nil, nil, fmt.Errorf("chains_now of %s has %d rows and the archive yields %d", s.Database, now, rows)
	}
	open, err := readAlerts(ctx, conn, c)
	if err != nil {
		return nil, nil, fmt.Errorf("read alerts_now: %w", err)
	}
	return c, open, nil
}

// readAlerts takes in the open alerts, all they say and, apart, what topics say of
// them too.
func readAlerts(ctx context.Context, conn clickhouse.Conn, c *contents) (map[correlate.ID]openAlert, error) {
	rows, err := conn.Query(ctx, "SELECT id, toString(tuple(* EXCEPT id)), version, rule, chain_id, reason FROM alerts_now WHERE state = 'open'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	open := map[correlate.ID]openAlert{}
	for rows.Next() {
		var id, text, chain string
		a := openAlert{open: true}
		if err := rows.Scan(&id, &text, &a.version, &a.rule, &chain, &a.reason); err != nil {
			return nil, err
		}
		c.alerts[id] = text
		key, err := correlate.ParseID(id)
		if err == nil {
			a.chain, err = correlate.ParseID(chain)
		}
		if err != nil {
			return nil, err
		}
		open[key] = a
	}
	return open, rows.Err()
}

// showLines names lines that stand for themselves in lists. It asks the estate again:
// nobody keeps a million names for the few that are wanted, or for none.
func (t *trial) showLines(what string, lines []correlate.ID) {
	if len(lines) == 0 {
		return
	}
	shown := 0
	for truth := range t.raw.estate.Truth() {
		if _, ok := slices.BinarySearchFunc(lines, line(truth.Source, truth.EventID), byBytes); ok {
			t.say("%s: %s %s", what, truth.Source, truth.EventID)
			if shown++; shown == examples {
				return
			}
		}
	}
}

// showMismatch shows chains as the database has them beside the highest versions that
// the topic has, which is read once more: only few are wanted, or none.
func (t *trial) showMismatch(ctx context.Context, s *side, m mismatch, archive *sinks.ClickHouse, open map[correlate.ID]openAlert, said *announced) error {
	if m.wrong > 0 {
		t.say("%s: %d announcements contradict others", s.Name, m.wrong)
	}
	for _, id := range m.alerts[:min(examples, len(m.alerts))] {
		t.say("%s: alert %s is %+v, and the topic comes to %+v", s.Name, id, open[id], said.alerts[id])
	}
	if len(m.chains) == 0 {
		return nil
	}
	wanted := map[correlate.ID][]byte{}
	for _, id := range m.chains[:min(examples, len(m.chains))] {
		wanted[id] = nil
	}
	err := t.everything(ctx, s.Name+".chains", func(value []byte) error {
		id, version, _, err := core(value)
		if _, ok := wanted[id]; ok && version == said.chains[id].version {
			wanted[id] = bytes.Clone(value)
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, topic := range wanted {
		row, err := stored(ctx, archive, id)
		if err != nil {
			return err
		}
		t.show(s.Name+", database and topic", id, row, topic)
	}
	return nil
}

// stored is a chain's JSON as a database has it; nil if it has none.
func stored(ctx context.Context, archive *sinks.ClickHouse, id correlate.ID) ([]byte, error) {
	c, ok, err := archive.Chain(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	return c.MarshalJSON()
}

// show prints the fields in which two versions of a chain differ.
func (t *trial) show(what string, id correlate.ID, a, b []byte) {
	var fields [2]map[string]json.RawMessage
	for i, text := range [][]byte{a, b} {
		if err := json.Unmarshal(text, &fields[i]); err != nil {
			t.say("%s: %s: one has none, the other has %s", what, id, cmp.Or(string(a), string(b)))
			return
		}
	}
	t.say("%s: %s %s %s", what, id, fields[1]["source"], fields[1]["event_id"])
	for _, name := range slices.Sorted(maps.Keys(fields[0])) {
		if x, y := fields[0][name], fields[1][name]; !bytes.Equal(x, y) {
			t.say("  %s\n    - %s\n    + %s", name, x, y)
		}
	}
}
