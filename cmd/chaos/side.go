package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"whence/sinks"
)

// A side is one consumer group with topics, database and folders of its own.
type side struct {
	Name     string
	Database string
	Dir      string
	// Cramped has hardly any memory for sessions: what it knows moves between memory,
	// overflow, cache and store all the time, and that must not show either.
	Cramped bool
	config  string
	slots   []*slot
	fail    context.CancelCauseFunc // told when an instance ends by itself
}

const (
	// sessionTimeout is how long the group waits for a dead member: the least that
	// brokers take by default.
	sessionTimeout = 6 * time.Second
	// maxWait settles what marks do not: most partitions are sparse.
	maxWait = 10 * time.Second
)

var configTemplate = template.Must(template.New("whence.yaml").Parse(`
kafka:
  brokers:
{{- range .Brokers}}
  - "{{.}}"
{{- end}}
group: chaos-{{.Name}}
topics:
{{- range .Topics}}
  - {name: {{.Name}}, source: {{.Source}}, scope: "{{.Scope}}"}
{{- end}}
lateness:
{{- range .Topics}}
  {{.Source}}: {{.Lateness}}
{{- end}}
sessions:
  topic: {{.Name}}.sessions
  registry: {{.Name}}.registry
  replication: {{.Replication}}
{{- if .Cramped}}
  hot_bytes: 1048576
  overflow_bytes: 4194304
  cache_bytes: 262144
  walk_bytes: 262144
{{- end}}
rejects_topic: {{.Name}}.rejects
outputs: {chains_topic: {{.Name}}.chains, alerts_topic: {{.Name}}.alerts}
pipeline:
  max_wait: {{.MaxWait}}
  session_timeout: {{.SessionTimeout}}
  drain_timeout: 5s
  commit_every: 500ms
  idle_after: 1s
store: {dir: store}
clickhouse: {addr: ["{{.ClickHouse}}"], database: {{.Database}}, linger: 100ms}
directory: {{.Root}}/directory.yaml
{{- if .Ledger}}
ledger: {key_file: {{.Root}}/ledger.pem}
{{- end}}
log: {level: warn}
`))

// newSide writes the side's whence.yaml. None of its instances runs yet.
func (t *trial) newSide(name string, instances int, cramped bool, fail context.CancelCauseFunc) (*side, error) {
	s := &side{Name: name, Cramped: cramped, Database: "chaos_" + name, Dir: filepath.Join(t.dir, name), fail: fail}
	s.config = filepath.Join(s.Dir, "whence.yaml")
	for i := range instances {
		s.slots = append(s.slots, &slot{name: fmt.Sprintf("%s-%d", name, i+1), dir: filepath.Join(s.Dir, fmt.Sprintf("store-%d", i+1))})
	}
	var b bytes.Buffer
	err := configTemplate.Execute(&b, struct {
		*side
		Brokers                 []string
		Replication             int
		ClickHouse, Root        string
		Topics                  []rawTopic
		MaxWait, SessionTimeout time.Duration
		Ledger                  bool
	}{s, t.addrs(), t.nodes, t.clickhouse.addr, t.dir, t.raw.topics, maxWait, sessionTimeout, t.ledger})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	return s, os.WriteFile(s.config, b.Bytes(), 0o644)
}

// archive opens whence's own reader of the side's database. The caller closes it.
func (t *trial) archive(ctx context.Context, s *side) (*sinks.ClickHouse, error) {
	cfg := sinks.ClickHouseConfig{}.Default()
	cfg.Addr, cfg.Database = []string{t.clickhouse.addr}, s.Database
	a, err := sinks.OpenClickHouse(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", s.Database, err)
	}
	return a, nil
}
