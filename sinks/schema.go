package sinks

import (
	"context"
	"embed"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

var clusterName = regexp.MustCompile(`^[A-Za-z0-9_{}-]+$`)

// A Schema is whence's tables and views in ClickHouse. Each file in sql is one
// version: files are added and never changed once released, but for what Keep
// and Cluster fill in.
type Schema struct {
	Database string
	// Cluster, if set, makes each table replicated and named <table>_local, under
	// a Distributed table. All versions of a row live on one shard.
	Cluster string
	Keep    Keep
}

// A migration is what leads to one version of the schema.
type migration struct {
	version    int
	name       string
	statements []string
}

// DDL is everything that whence needs in ClickHouse, as a script, with default
// names and times. An empty cluster means one server.
func DDL(cluster string) string {
	d := ClickHouseConfig{}.Default()
	return Schema{Database: d.Database, Cluster: cluster, Keep: d.Keep}.DDL()
}

// DDL is the schema as a script. It may be run again.
func (s Schema) DDL() string {
	var b strings.Builder
	for _, st := range s.foundation() {
		fmt.Fprintf(&b, "%s;\n\n", st)
	}
	for _, m := range s.migrations() {
		for _, st := range m.statements {
			fmt.Fprintf(&b, "%s;\n\n", st)
		}
		fmt.Fprintf(&b, "%s;\n\n", s.record(m))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Apply brings the database to this schema. What is there already stays, every
// statement may be repeated, and so may Apply, by several at once. A database
// that a newer whence has changed is refused.
func (s Schema) Apply(ctx context.Context, conn driver.Conn) error {
	at, err := s.version(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	ms := s.migrations()
	newest := ms[len(ms)-1].version
	if at > newest {
		return fmt.Errorf("the ClickHouse schema of database %s has version %d and this whence knows %d: run the newer whence, or give this one a database of its own", s.Database, at, newest)
	}
	if at == 0 {
		for _, st := range s.foundation() {
			if err := conn.Exec(ctx, st); err != nil {
				return fmt.Errorf("create the database: %w", err)
			}
		}
	}
	for _, m := range ms[at:] {
		for _, st := range append(m.statements, s.record(m)) {
			if err := conn.Exec(ctx, st); err != nil {
				return fmt.Errorf("apply the schema: %s: %w", m.name, err)
			}
		}
	}
	return s.applyKeep(ctx, conn)
}

// version is the schema's version in the database; 0 when there is none.
func (s Schema) version(ctx context.Context, conn driver.Conn) (int, error) {
	var there uint8
	if err := conn.QueryRow(ctx, "EXISTS TABLE "+s.name("schema_version")).Scan(&there); err != nil || there == 0 {
		return 0, err
	}
	var v uint32
	err := conn.QueryRow(ctx, "SELECT max(version) FROM "+s.name("schema_version")).Scan(&v)
	return int(v), err
}

// foundation is what the migrations stand on.
func (s Schema) foundation() []string {
	engine := "ReplacingMergeTree"
	if s.Cluster != "" {
		// One replica set over all shards: every server knows the version.
		engine = "ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')"
	}
	return []string{
		"CREATE DATABASE IF NOT EXISTS `" + s.Database + "`" + s.onCluster(),
		"CREATE TABLE IF NOT EXISTS " + s.name("schema_version") + s.onCluster() +
			" (version UInt32, name String, applied DateTime DEFAULT now())\nENGINE = " + engine + "\nORDER BY version",
	}
}

func (s Schema) record(m migration) string {
	return fmt.Sprintf("INSERT INTO %s (version, name) VALUES (%d, '%s')", s.name("schema_version"), m.version, m.name)
}

// migrations renders the files in sql, in order.
func (s Schema) migrations() []migration {
	t := template.Must(template.New("").Funcs(s.words()).ParseFS(sqlFiles, "sql/*.sql"))
	entries, err := sqlFiles.ReadDir("sql")
	if err != nil {
		panic("sinks: the embedded schema cannot be listed: " + err.Error())
	}
	ms := make([]migration, len(entries))
	for i, e := range entries {
		var b strings.Builder
		if err := t.ExecuteTemplate(&b, e.Name(), s); err != nil {
			panic("sinks: the embedded schema does not render: " + err.Error())
		}
		ms[i] = migration{version: i + 1, name: strings.TrimSuffix(e.Name(), ".sql"), statements: statements(b.String())}
	}
	return ms
}

// statements splits a script at the semicolons that end a line.
func statements(script string) []string {
	var out []string
	for st := range strings.SplitSeq(script, ";\n") {
		if st = strings.TrimSpace(st); st != "" {
			out = append(out, st)
		}
	}
	return out
}
