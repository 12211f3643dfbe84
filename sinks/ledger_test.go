package sinks_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"whence/correlate"
	"whence/correlate/ledger"
	"whence/sinks"
)

// A keeper writes as the owners of lanes do.
type keeper struct {
	t      *testing.T
	sink   *sinks.ClickHouse
	conn   driver.Conn
	signer *ledger.Signer
	now    time.Time
	opts   ledger.Options
}

func newKeeper(t *testing.T) *keeper {
	k := &keeper{t: t, sink: clickHouse(t), conn: connect(t), now: day.Add(-time.Hour)}
	k.signer = ledger.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	k.opts = ledger.Options{Keys: k.signer.Keys(), Now: day.AddDate(0, 0, 1)}
	return k
}

func (k *keeper) open(lane string, after ledger.Head) *ledger.Run {
	return k.signer.Open(lane, after, func() time.Time {
		k.now = k.now.Add(time.Second)
		return k.now
	})
}

// write is a step of a lane whose rows become durable.
func (k *keeper) write(r *ledger.Run, chains ...correlate.Chain) {
	k.t.Helper()
	k.fly(r, chains...)
	if r != nil {
		r.Store(r.Seq())
	}
}

// fly is a step of a lane that ends before it learns that the rows are durable.
func (k *keeper) fly(r *ledger.Run, chains ...correlate.Chain) {
	k.t.Helper()
	if err := k.sink.Write(k.t.Context(), &sinks.Output{Chains: chains, Ledger: r}); err != nil {
		k.t.Fatal(err)
	}
}

// sql tampers. %s stands for the database.
func (k *keeper) sql(statements ...string) {
	k.t.Helper()
	for _, s := range statements {
		if s = strings.ReplaceAll(s, "%s", "`"+database(k.t)+"`"); strings.Contains(s, " DELETE") || strings.Contains(s, " UPDATE ") {
			s += " SETTINGS mutations_sync = 2"
		}
		if err := k.conn.Exec(k.t.Context(), s); err != nil {
			k.t.Fatalf("%v\n%s", err, s)
		}
	}
}

func (k *keeper) verify() *ledger.Report {
	k.t.Helper()
	r, err := ledger.Verify(k.t.Context(), k.sink, k.opts)
	if err != nil {
		k.t.Fatal(err)
	}
	return r
}

// estate is three runs of one lane, handed over in order, and one that broke off: 60
// chains, some improved.
func (k *keeper) estate() (last *ledger.Run) {
	var head ledger.Head
	for hold := range 3 {
		r := k.open("raw.cloudtrail/3", head)
		for step := range 5 {
			var chains []correlate.Chain
			for i := range 4 {
				n := 20*hold + 4*step + i
				c := fullChain(n)
				if n%2 == 0 {
					c = bareChain(n)
				}
				chains = append(chains, c)
				if n%5 == 0 {
					chains = append(chains, improved(c))
				}
			}
			k.write(r, chains...)
		}
		if hold < 2 {
			k.write(r)
		}
		head = r.Head()
		last = r
	}
	return last
}

func TestLedgerIntact(t *testing.T) {
	k := newKeeper(t)
	k.estate()
	r := k.verify()
	// Merges of their own accord may have taken versions that were replaced.
	if !r.Intact() || r.Rows < 60 || r.Rows > 72 || r.Entries != 72 || r.Linked != 72 || r.Checkpoints != 17 || r.Runs != 3 || r.Replaced != 12 || r.Unlinked != 1 || r.Pending != 0 {
		t.Errorf("before merges: %+v", r)
	}
	k.sql("OPTIMIZE TABLE %s.chains FINAL")
	if r = k.verify(); !r.Intact() || r.Rows != 60 || r.Entries != 72 || r.Replaced != 12 {
		t.Errorf("after merges: %+v", r)
	}
	// A second is enough for a part of it.
	k.opts.From, k.opts.To = day.Add(30*time.Second), day.Add(31*time.Second)
	if r = k.verify(); !r.Intact() || r.Rows != 1 || r.Entries != 2 {
		t.Errorf("a second of it: %+v", r)
	}
}

// Whatever is done by hand is found, and named.
func TestLedgerTampered(t *testing.T) {
	k := newKeeper(t)
	k.estate()
	tables := []string{"chains", "ledger", "ledger_checkpoints"}
	for _, table := range tables {
		k.sql("OPTIMIZE TABLE %s."+table+" FINAL", "CREATE TABLE %s.kept_"+table+" AS %s."+table, "INSERT INTO %s.kept_"+table+" SELECT * FROM %s."+table)
	}
	victim := fullChain(31)
	where := " WHERE id = '" + victim.ID.String() + "'"
	entry := " WHERE chain_id = '" + victim.ID.String() + "'"
	for _, tt := range []struct {
		name   string
		tamper []string
		want   ledger.Verdict
		names  string // in the findings
	}{
		{"a column is changed", []string{"ALTER TABLE %s.chains UPDATE requestor_id = 'mallory@example.com'" + where}, ledger.RowAltered, victim.ID.String()},
		{"an array is changed", []string{"ALTER TABLE %s.chains UPDATE `hops.state` = ['', '', '']" + where}, ledger.RowAltered, victim.ID.String()},
		{"a cost is changed", []string{"ALTER TABLE %s.chains UPDATE usage_cost_usd = 0.0126" + where}, ledger.RowAltered, victim.ID.String()},
		{"a flag is changed", []string{"ALTER TABLE %s.chains UPDATE settled = 0" + where}, ledger.RowAltered, victim.ID.String()},
		{"a row is deleted", []string{"ALTER TABLE %s.chains DELETE" + where}, ledger.RowRemoved, victim.ID.String()},
		{"a day is dropped", []string{"ALTER TABLE %s.chains DROP PARTITION '2026-03-04'"}, ledger.RowRemoved, bareChain(0).ID.String()},
		{"the current version is deleted", []string{"ALTER TABLE %s.chains DELETE WHERE id = '" + bareChain(30).ID.String() + "' AND reason = 'improved'"}, ledger.RowRemoved, bareChain(30).ID.String()},
		{"a row is inserted", []string{
			"INSERT INTO %s.chains (id, version, time, source, status) SELECT 'ffffffffffffffffffffffffffffffff', version, time, source, status FROM %s.chains" + where,
		}, ledger.RowInserted, "ffffffffffffffffffffffffffffffff"},
		{"a higher version is inserted", []string{
			"INSERT INTO %s.chains (id, version, time, source, status) SELECT id, version + 1, time, source, status FROM %s.chains" + where,
		}, ledger.RowInserted, victim.ID.String()},
		{"a row is moved to another day", []string{
			"INSERT INTO %s.chains SELECT * REPLACE(time + INTERVAL 3 DAY AS time) FROM %s.chains" + where, "ALTER TABLE %s.chains DELETE" + where + " AND time < '2026-03-05 00:00:00'",
		}, ledger.RowRemoved, victim.ID.String()},
		{"a row is inserted with an entry", []string{
			"INSERT INTO %s.chains (id, version, time, source, status) SELECT 'ffffffffffffffffffffffffffffffff', version, time, source, status FROM %s.chains" + where,
			"INSERT INTO %s.ledger SELECT * REPLACE('ffffffffffffffffffffffffffffffff' AS chain_id, 25 AS seq) FROM (SELECT * FROM %s.ledger" + entry + ")",
		}, ledger.EntryInserted, "entry 25"},
		{"an entry is removed", []string{"ALTER TABLE %s.ledger DELETE" + entry}, ledger.EntryRemoved, "entry 15"},
		{"a row and its entry are removed", []string{"ALTER TABLE %s.ledger DELETE" + entry, "ALTER TABLE %s.chains DELETE" + where}, ledger.EntryRemoved, "entry 15"},
		{"a row and its entry are changed", []string{
			"ALTER TABLE %s.ledger UPDATE content = hash" + entry, "ALTER TABLE %s.chains UPDATE requestor_id = 'mallory@example.com'" + where,
		}, ledger.EntryAltered, victim.ID.String()},
		{"an entry has another version", []string{"ALTER TABLE %s.ledger UPDATE version = version + 1" + entry}, ledger.EntryAltered, victim.ID.String()},
		{"an entry has another id", []string{"ALTER TABLE %s.ledger UPDATE chain_id = 'nonsense'" + entry}, ledger.EntryAltered, "entry 15"},
		{"the ledger is gone", []string{"TRUNCATE TABLE %s.ledger", "TRUNCATE TABLE %s.ledger_checkpoints"}, ledger.LedgerMissing, ""},
		{"the entries are gone", []string{"TRUNCATE TABLE %s.ledger"}, ledger.EntryRemoved, "entry 1 "},
		{"the checkpoints are gone", []string{"TRUNCATE TABLE %s.ledger_checkpoints"}, ledger.EntryInserted, "raw.cloudtrail/3"},
		{"a checkpoint is removed", []string{"ALTER TABLE %s.ledger_checkpoints DELETE WHERE number = 3 AND after_run = '' AND first = 11"}, ledger.CheckpointRemoved, "checkpoint 4"},
		{"the first checkpoint is removed", []string{"ALTER TABLE %s.ledger_checkpoints DELETE WHERE number = 1"}, ledger.CheckpointRemoved, "checkpoint 2"},
		{"the last checkpoint with entries is removed", []string{"ALTER TABLE %s.ledger_checkpoints DELETE WHERE number = 5 AND run IN (SELECT run FROM %s.ledger_checkpoints WHERE number = 6)"}, ledger.CheckpointRemoved, "checkpoint 6"},
		{"checkpoints are re-ordered", []string{
			"INSERT INTO %s.ledger_checkpoints SELECT * REPLACE(if(number = 2, 3, 2) AS number) FROM %s.ledger_checkpoints WHERE number IN (2, 3)",
			"ALTER TABLE %s.ledger_checkpoints DELETE WHERE number = 2 AND first = 6 OR number = 3 AND first = 11",
		}, ledger.CheckpointAltered, "checkpoint 2"},
		{"what a checkpoint states is changed", []string{"ALTER TABLE %s.ledger_checkpoints UPDATE stored = 0 WHERE number = 6"}, ledger.CheckpointAltered, "checkpoint 6"},
		{"a signature is forged", []string{"ALTER TABLE %s.ledger_checkpoints UPDATE signature = concat(substring(signature, 1, 63), 'x') WHERE number = 4"}, ledger.CheckpointAltered, "checkpoint 4"},
		{"a run is removed", []string{
			"ALTER TABLE %s.ledger DELETE WHERE run IN (SELECT after_run FROM %s.ledger_checkpoints WHERE after_seq > 0)",
			"ALTER TABLE %s.ledger_checkpoints DELETE WHERE run NOT IN (SELECT run FROM %s.ledger)",
			"ALTER TABLE %s.chains DELETE WHERE id NOT IN (SELECT chain_id FROM %s.ledger)",
		}, ledger.RunRemoved, "began after its entry 24"},
		{"the end of a run is removed", []string{
			"ALTER TABLE %s.chains DELETE WHERE (id, version) IN (SELECT chain_id, version FROM %s.ledger WHERE seq > 20)",
			"ALTER TABLE %s.ledger DELETE WHERE seq > 20",
			"ALTER TABLE %s.ledger_checkpoints DELETE WHERE last > 20",
		}, ledger.CheckpointRemoved, "stored up to entry 24"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, table := range tables {
				k.sql("TRUNCATE TABLE %s."+table, "INSERT INTO %s."+table+" SELECT * FROM %s.kept_"+table)
			}
			k.sql(tt.tamper...)
			r := k.verify()
			if !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool { return f.Verdict == tt.want && strings.Contains(f.String(), tt.names) }) {
				t.Errorf("want %s with %q, found %d:", tt.want, tt.names, r.Found)
				for _, f := range r.Findings[:min(10, len(r.Findings))] {
					t.Log(f)
				}
			}
		})
	}
}

// A key that is not the operator's signs nothing.
func TestLedgerOtherKey(t *testing.T) {
	k := newKeeper(t)
	k.estate()
	seed := make([]byte, ed25519.SeedSize)
	binary.LittleEndian.PutUint64(seed, 1)
	k.opts.Keys = ledger.NewSigner(ed25519.NewKeyFromSeed(seed)).Keys()
	r := k.verify()
	if r.Intact() || !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool {
		return f.Verdict == ledger.CheckpointAltered && strings.Contains(f.Detail, "none of those given")
	}) {
		t.Errorf("%+v", r.Findings)
	}
}

// Whoever can write to ClickHouse, and has all of whence but the key, adds nothing.
func TestLedgerForgedRun(t *testing.T) {
	k := newKeeper(t)
	k.estate()
	key := ed25519.NewKeyFromSeed(slices.Repeat([]byte{7}, ed25519.SeedSize))
	forged := ledger.NewSigner(key).Open("raw.cloudtrail/3", ledger.Head{}, func() time.Time { return k.now })
	k.write(forged, fullChain(77))
	k.write(forged)
	r := k.verify()
	if !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool {
		return f.Verdict == ledger.RowInserted && f.Chain == fullChain(77).ID && strings.Contains(f.Detail, "not signed")
	}) {
		t.Errorf("%+v", r.Findings)
	}
}

// A run may break off anywhere, and inserts may repeat.
func TestLedgerBrokenOff(t *testing.T) {
	k := newKeeper(t)
	last := k.estate()
	head := last.Head()
	k.fly(last, fullChain(100), fullChain(101))
	k.fly(last, fullChain(102), fullChain(103))
	k.sql("OPTIMIZE TABLE %s.chains FINAL")
	if r := k.verify(); !r.Intact() || r.Pending != 0 {
		t.Fatalf("rows on their way: %+v", r)
	}
	// The rows of the last write, and some of its entries, did not come to be.
	k.sql("ALTER TABLE %s.chains DELETE WHERE id IN ('"+fullChain(102).ID.String()+"', '"+fullChain(103).ID.String()+"')",
		"ALTER TABLE %s.ledger DELETE WHERE chain_id = '"+fullChain(102).ID.String()+"'",
		"INSERT INTO %s.ledger SELECT * FROM %s.ledger WHERE seq % 3 = 0",
		"INSERT INTO %s.ledger_checkpoints SELECT * FROM %s.ledger_checkpoints WHERE number % 2 = 0",
		"INSERT INTO %s.chains SELECT * FROM %s.chains WHERE version % 2 = 0")
	if r := k.verify(); !r.Intact() || r.Pending != 1 {
		t.Fatalf("broken off: %+v", r)
	}
	// The next owner begins at what was committed and writes them again.
	next := k.open("raw.cloudtrail/3", head)
	k.write(next, fullChain(100), improved(fullChain(101)), fullChain(102), fullChain(103))
	k.write(next)
	if r := k.verify(); !r.Intact() || r.Pending != 0 {
		t.Fatalf("taken over: %+v", r)
	}
	// Even what nobody relies on any more was entered.
	k.sql("ALTER TABLE %s.ledger DELETE WHERE run = '" + head.Run.String() + "' AND chain_id = '" + fullChain(101).ID.String() + "'")
	if r := k.verify(); r.Found != 1 || r.Findings[0].Verdict != ledger.RowInserted || r.Findings[0].Chain != fullChain(101).ID {
		t.Fatalf("an entry beyond what is confirmed is gone: %+v", r)
	}
	// What is committed to Kafka confirms more than any checkpoint.
	k.opts.Committed = map[string]ledger.Head{"raw.cloudtrail/3": last.Head()}
	if r := k.verify(); r.Intact() || !slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool { return f.Verdict == ledger.EntryRemoved }) {
		t.Fatalf("committed: %+v", r)
	}
}
