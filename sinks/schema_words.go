package sinks

import (
	"context"
	"fmt"
	"strings"
	"text/template"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// words are what the SQL files leave open.
func (s Schema) words() template.FuncMap {
	return template.FuncMap{
		"name":        s.name,
		"view":        func(view string) string { return s.name(view) + s.onCluster() },
		"table":       func(table string) string { return s.name(s.local(table)) + s.onCluster() },
		"replacing":   s.replacing,
		"appending":   s.appending,
		"distributed": s.distributed,
		"ttl":         ttl,
	}
}

func (s Schema) name(table string) string { return "`" + s.Database + "`.`" + table + "`" }

// local is the table that holds the rows.
func (s Schema) local(table string) string {
	if s.Cluster != "" {
		return table + "_local"
	}
	return table
}

func (s Schema) onCluster() string {
	if s.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + s.Cluster + "'"
}

// replacing is the engine that keeps the row of the highest version.
func (s Schema) replacing(version string) string {
	if s.Cluster == "" {
		return "ReplacingMergeTree(" + version + ")"
	}
	args := "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
	if version != "" {
		args += ", " + version
	}
	return "ReplicatedReplacingMergeTree(" + args + ")"
}

// appending is the engine that keeps every row.
func (s Schema) appending() string {
	if s.Cluster == "" {
		return "MergeTree"
	}
	return "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
}

// distributed is the table over those of all shards. The sharding key depends on
// the row's identity alone, so that FINAL sees all its versions on one shard.
func (s Schema) distributed(table, shardBy string) string {
	if s.Cluster == "" {
		return ""
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s AS %s\nENGINE = Distributed('%s', '%s', '%s_local', %s);",
		s.name(table), s.onCluster(), s.name(s.local(table)), s.Cluster, s.Database, table, shardBy)
}

// ttl is the clause that ends a row's life some days after its time, unless the
// column of that name is set.
func ttl(days int, unless string) string {
	if days == 0 {
		return ""
	}
	return "TTL " + ttlExpression(days, unless)
}

func ttlExpression(days int, unless string) string {
	e := fmt.Sprintf("toDateTime(time) + toIntervalDay(%d)", days)
	if unless != "" {
		e += " WHERE NOT " + unless
	}
	return e
}

// applyKeep changes the tables whose TTL is not what the configuration says.
func (s Schema) applyKeep(ctx context.Context, conn driver.Conn) error {
	for _, t := range []struct {
		name   string
		days   int
		unless string
	}{
		{"chains", s.Keep.Chains, ""}, {"sessions", s.Keep.Sessions, "standing"},
		{"alerts", s.Keep.Alerts, ""}, {"rejects", s.Keep.Rejects, ""},
		{"ledger", s.Keep.Ledger, ""}, {"ledger_checkpoints", s.Keep.Ledger, ""},
	} {
		var created string
		err := conn.QueryRow(ctx, "SELECT create_table_query FROM system.tables WHERE database = {database:String} AND name = {table:String}",
			clickhouse.Named("database", s.Database), clickhouse.Named("table", s.local(t.name))).Scan(&created)
		if err != nil {
			return fmt.Errorf("read how table %s is kept: %w", t.name, err)
		}
		change := ""
		switch {
		case t.days == 0 && strings.Contains(created, " TTL "):
			change = "REMOVE TTL"
		case t.days != 0 && !strings.Contains(created, fmt.Sprintf("toIntervalDay(%d)", t.days)):
			change = "MODIFY TTL " + ttlExpression(t.days, t.unless)
		default:
			continue
		}
		// Old rows go as their parts merge; nothing is rewritten for it now.
		ctx := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"materialize_ttl_after_modify": 0}))
		if err := conn.Exec(ctx, "ALTER TABLE "+s.name(s.local(t.name))+s.onCluster()+" "+change); err != nil {
			return fmt.Errorf("change how long table %s is kept: %w", t.name, err)
		}
	}
	return nil
}
