package sinks_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/sinks"
)

func TestMigrateFromSeveralInstances(t *testing.T) {
	c := unmigrated(t)
	var g errgroup.Group
	for range 4 {
		g.Go(func() error { return c.Migrate(t.Context()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	write(t, c, fullChain(1))
	if err := c.Migrate(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, ok, err := c.Chain(t.Context(), fullChain(1).ID); !ok || err != nil {
		t.Errorf("after migrating again the chain is gone: %v", err)
	}
}

func TestMigrateRefusesANewerSchema(t *testing.T) {
	c := clickHouse(t)
	if err := connect(t).Exec(t.Context(), "INSERT INTO "+database(t)+".schema_version (version, name) VALUES (99, 'from the future')"); err != nil {
		t.Fatal(err)
	}
	err := c.Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "run the newer whence") {
		t.Errorf("got %v", err)
	}
}

// A database that an earlier whence has made and filled goes on to work, and takes
// on what makes rows cheap.
func TestMigrateAnOlderDatabase(t *testing.T) {
	c := unmigrated(t)
	conn := connect(t)
	script, err := os.ReadFile("testdata/schema_before_7.sql")
	if err != nil {
		t.Fatal(err)
	}
	for st := range strings.SplitSeq(strings.ReplaceAll(string(script), "`whence`", "`"+database(t)+"`"), ";\n") {
		if st = strings.TrimSpace(st); st == "" {
			continue
		}
		if err := conn.Exec(t.Context(), st); err != nil {
			t.Fatalf("%v\n%s", err, st)
		}
	}
	before, after := estate()[:2], estate()[2:]
	write(t, c, before...)
	if err := c.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, c, after...)
	for query, want := range map[string]string{
		"SELECT event_id FROM blast(key = 'okta.session:alice') ORDER BY event_id": "event_id\n1\n2\n5\n",
		"SELECT count() AS n FROM chains_now":                                      "n\n7\n",
		"SELECT position(create_table_query, 'hops_key_index') + position(create_table_query, 'missing_index') = 0 AS gone, " +
			"position(create_table_query, 'min_bytes_for_wide_part = 134217728') > 0 AS set FROM system.tables WHERE name = 'chains' AND database = currentDatabase()": "gone | set\n1 | 1\n",
	} {
		if got := table(t, query); got != want {
			t.Errorf("%s:\n%s", query, got)
		}
	}
	got := collect(t, func(yield func(correlate.Chain) error) error {
		return c.Naming(t.Context(), []correlate.Key{{Kind: "okta.session", Value: "alice"}}, time.Time{}, time.Time{}, yield)
	})
	if want := ids(before[0], before[1], after[2]); !slices.Equal(got, want) {
		t.Errorf("naming: got %v, want %v", got, want)
	}
}

func TestMigrateChangesHowLongRowsAreKept(t *testing.T) {
	clickHouse(t, keep(30, 30))
	conn := connect(t)
	for _, tt := range []struct {
		chains, sessions int
		want             string
	}{
		{30, 30, "toIntervalDay(30)"},
		{7, 0, "toIntervalDay(7)"},
		{0, 7, ""},
		{400, 8, "toIntervalDay(400)"},
	} {
		clickHouse(t, keep(tt.chains, tt.sessions))
		var created string
		if err := conn.QueryRow(t.Context(), "SELECT create_table_query FROM system.tables WHERE name = 'chains' AND database = '"+database(t)+"'").Scan(&created); err != nil {
			t.Fatal(err)
		}
		if tt.want == "" && strings.Contains(created, " TTL ") || !strings.Contains(created, tt.want) {
			t.Errorf("keep %d days: %s", tt.chains, created)
		}
	}
}

func keep(chains, sessions int) func(*sinks.ClickHouseConfig) {
	return func(c *sinks.ClickHouseConfig) { c.Keep = sinks.Keep{Chains: chains, Sessions: sessions} }
}

func TestWriteWithoutSchemaSaysWhatToDo(t *testing.T) {
	c := unmigrated(t)
	err := c.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{bareChain(1)}})
	if err == nil || !strings.Contains(err.Error(), "whence schema") {
		t.Errorf("got %v", err)
	}
}

// No Keeper is at hand to run the cluster's statements; the parser at least takes
// them.
func TestClusterSchemaParses(t *testing.T) {
	unmigrated(t)
	conn := connect(t)
	script, err := os.ReadFile("testdata/schema_cluster.sql")
	if err != nil {
		t.Fatal(err)
	}
	for st := range strings.SplitSeq(string(script), ";\n") {
		if st = strings.TrimSpace(st); st == "" || strings.HasPrefix(st, "INSERT") {
			continue
		}
		var formatted string
		if err := conn.QueryRow(t.Context(), "SELECT formatQuery(?)", st).Scan(&formatted); err != nil {
			t.Errorf("%v\n%s", err, st)
		}
	}
}
