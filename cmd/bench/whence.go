package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"
)

const (
	database = "bench"
	rawTopic = "ct"
	group    = "bench" // and what whence's own topics begin with
	// lateness is short beside the time that a round's events span: chains that
	// stay unresolved settle, and are written a second time, while it runs.
	lateness = 2 * time.Minute
)

// sessionTimeout is long: whence is held still while the events of a round are
// written.
var configTemplate = template.Must(template.New("whence.yaml").Parse(`
kafka: {brokers: ["{{.Broker}}"]}
group: {{.Name}}
topics: [{name: {{.Topic}}, source: aws.cloudtrail}]
lateness: {aws.cloudtrail: {{.Lateness}}}
sessions: {topic: {{.Name}}.sessions, registry: {{.Name}}.registry, replication: 1}
rejects_topic: {{.Name}}.rejects
pipeline: {session_timeout: 5m}
store: {dir: store}
clickhouse: {addr: ["{{.ClickHouse}}"], database: {{.Database}}, compression: {{.Compress}}}
outputs: {chains_topic: "", alerts_topic: ""}
directory: directory.yaml
rules: {dir: rules, library: {{.Library}}}
listen: "{{.Listen}}"
log: {level: warn}
`))

// startWhence writes the configuration, and starts `whence run`.
func (l *lab) startWhence(ctx context.Context) (err error) {
	if l.listen, err = freeAddr(); err != nil {
		return err
	}
	var b bytes.Buffer
	err = configTemplate.Execute(&b, map[string]any{
		"Name": l.called(group), "Broker": l.broker, "Topic": l.topic.name, "Lateness": lateness, "ClickHouse": l.server.Addr(), "Database": l.database,
		"Compress": l.options.compress, "Listen": l.listen, "Library": withLibrary(l.rules),
	})
	if err != nil {
		return err
	}
	config := filepath.Join(l.dir, "whence.yaml")
	if err := os.WriteFile(config, b.Bytes(), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(l.options.whence, "run", "-c", config) //nolint:noctx // it is stopped in order
	if l.whence, err = spawn(cmd, filepath.Join(l.dir, "whence.log")); err != nil {
		return err
	}
	// Before it is ready it reads what facts there are: 10,000 a second at least.
	limit := 2*time.Minute + time.Duration(l.sessions)*100*time.Microsecond
	for began := time.Now(); time.Since(began) < limit; time.Sleep(50 * time.Millisecond) {
		if err := l.whence.alive(); err != nil {
			return err
		}
		if _, err := l.ask(ctx, "/readyz"); err == nil {
			return nil
		}
	}
	return l.whence.failed("was not ready within " + limit.String())
}

// ask gets a page of whence's admin port.
func (l *lab) ask(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.listen+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask whence for %s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
