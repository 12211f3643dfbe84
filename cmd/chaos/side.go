package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	config   string
	log      string
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
sessions: {topic: {{.Name}}.sessions, registry: {{.Name}}.registry, replication: {{.Replication}}}
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
log: {level: warn}
`))

// newSide writes the side's whence.yaml.
func (t *trial) newSide(name string) (*side, error) {
	s := &side{Name: name, Database: "chaos_" + name, Dir: filepath.Join(t.dir, name)}
	s.config, s.log = filepath.Join(s.Dir, "whence.yaml"), filepath.Join(s.Dir, "whence.log")
	var b bytes.Buffer
	err := configTemplate.Execute(&b, struct {
		*side
		Brokers                 []string
		Replication             int
		ClickHouse, Root        string
		Topics                  []rawTopic
		MaxWait, SessionTimeout time.Duration
	}{s, t.brokers, t.nodes, t.clickhouse, t.dir, t.raw.topics, maxWait, sessionTimeout})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	return s, os.WriteFile(s.config, b.Bytes(), 0o644)
}

// An instance is one `whence run` of a side.
type instance struct {
	*child
	listen string
}

// start runs an instance with a store folder under the side's.
func (t *trial) start(ctx context.Context, s *side, store string) (*instance, error) {
	listen, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	env := []string{"WHENCE_LISTEN=" + listen, "WHENCE_STORE_DIR=" + filepath.Join(s.Dir, store)}
	c, err := t.spawn(ctx, s.log, nil, env, "run", "-c", s.config)
	if err != nil {
		return nil, err
	}
	return &instance{c, listen}, nil
}

func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// readyLimit is how long an instance may take until it has joined the group.
const readyLimit = 2 * time.Minute

// ready waits until the instance works.
func (in *instance) ready(ctx context.Context) error {
	for end := time.Now().Add(readyLimit); time.Now().Before(end); {
		if err := in.alive(ctx, 20*time.Millisecond); err != nil {
			return err
		}
		if in.isReady(ctx) {
			return nil
		}
	}
	return in.failed("was not ready within " + readyLimit.String())
}

func (in *instance) isReady(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.listen+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// archive opens whence's own reader of the side's database. The caller closes it.
func (t *trial) archive(ctx context.Context, s *side) (*sinks.ClickHouse, error) {
	cfg := sinks.ClickHouseConfig{}.Default()
	cfg.Addr, cfg.Database = []string{t.clickhouse}, s.Database
	a, err := sinks.OpenClickHouse(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", s.Database, err)
	}
	return a, nil
}
