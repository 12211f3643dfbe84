package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Wrong credentials end the run at once, with one sentence and code 2.
func TestRunRefusedByKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "whence", "right"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	// kfake hangs up at a wrong password; Kafka says why.
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, true
	})
	config := configFile(t, cluster.ListenAddrs()[0], "127.0.0.1:1", "sasl: {mechanism: plain, username: whence, password: SECRET-MARKER}")
	for _, command := range []string{"run", "repair"} {
		code, out := whence(t, command, "-c", config)
		if code != exitWrong || strings.Count(out, "\n") != 1 || !strings.Contains(out, "check kafka.sasl") || strings.Contains(out, "SECRET-MARKER") {
			t.Errorf("%s: exit code %d\n%s", command, code, out)
		}
	}
	code, out := whence(t, "check", "-c", config)
	if code != exitWrong || !strings.Contains(out, "bad  kafka") || !strings.Contains(out, "bad  clickhouse") {
		t.Errorf("check: exit code %d\n%s", code, out)
	}
}

// While a server is away run says so, once, and can be stopped.
func TestRunWaits(t *testing.T) {
	config := configFile(t, unused(t), "127.0.0.1:1", "")
	ctx, cancel := context.WithCancel(t.Context())
	log := &watched{look: "waiting for kafka to answer", found: cancel}
	if code := execute(ctx, []string{"run", "-c", config}, nil, log, log); code != exitDone {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines, want 1:\n%s", n, log)
	}
	// repair is for now, and does not wait.
	code, out := whence(t, "repair", "-c", config)
	if code != exitFailed || !strings.Contains(out, "is it running, and is the address right?") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// The commands work together against real servers.
func TestRunEndToEnd(t *testing.T) {
	ctx, broker, engine := servers(t)
	config := configFile(t, broker.Addr(), engine.Addr(), "")
	if code, out := whence(t, "check", "-c", config); code != exitDone || !strings.Contains(out, "whence.sessions, whence.registry will be made by whence run") {
		t.Fatalf("check: exit code %d\n%s", code, out)
	}

	log := &watched{}
	w, err := configured(config, log)
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- w.run(running, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("%v\n%s", err, log)
	}
	produce(ctx, t, broker.Addr(), lines)
	id := chainID(t, lines[0])
	for {
		code, out := whence(t, "explain", id, "-c", config)
		if code == exitDone && strings.Contains(out, "issued by aws.sts.assume_role") {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond): // ClickHouse tells nobody about rows
		case <-ctx.Done():
			t.Fatalf("the chain is not there: %s\n%s", out, log)
		}
	}
	produce(ctx, t, broker.Addr(), []string{`{"hello":"world"}`})
	for {
		code, out := whence(t, "rejects", "replay", "-c", config, "--dry-run", "--json")
		if code == exitDone && strings.Contains(out, `{"read":1,"replayed":0,"twice":0,"failing":1,"cut":0,"unknown":0}`) {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond): // until it is rejected
		case <-ctx.Done():
			t.Fatalf("rejects replay: exit code %d\n%s", code, out)
		}
	}
	if code, out := whence(t, "rejects", "replay", "-c", config); code != exitDone || !strings.Contains(out, "1 rejects read, 0 replayed, 0 were there twice; 1 stay: 1 cannot be decoded yet") {
		t.Errorf("rejects replay: exit code %d\n%s", code, out)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	if text := log.String(); text != "" {
		t.Errorf("a run in which all was well logged\n%s", text)
	}
	if code, out := whence(t, "check", "-c", config); code != exitDone || !strings.Contains(out, "whence.sessions, whence.registry are cleaned up as they must be") {
		t.Errorf("check: exit code %d\n%s", code, out)
	}
	if code, out := whence(t, "repair", "-c", config, "--json"); code != exitDone || !strings.Contains(out, `"improved":`) {
		t.Errorf("repair: exit code %d\n%s", code, out)
	}
}

func configFile(t *testing.T, broker, clickhouse, kafkaMore string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "whence.yaml")
	write(t, path, fmt.Appendf(nil, `kafka:
  brokers: [%q]
  %s
topics: [{name: raw, source: aws.cloudtrail}]
lateness: {aws.cloudtrail: 1h}
sessions: {partitions: 2, replication: 1}
clickhouse: {addr: [%q]}
directory: people.yaml
`, broker, kafkaMore, clickhouse))
	write(t, filepath.Join(dir, "people.yaml"), []byte(`people:
  - {id: alice@example.com, name: Alice, aliases: [aws:arn:aws:iam::123456789012:user/alice]}
`))
	return path
}

// whence runs a command line and returns the exit code and all it wrote.
func whence(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code := execute(ctx, args, nil, &out, &out)
	return code, out.String()
}

func produce(ctx context.Context, t *testing.T, addr string, lines []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i, l := range lines {
		r := &kgo.Record{Topic: "raw", Key: fmt.Append(nil, i), Value: []byte(l)}
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// chainID is the id of the chain of a line.
func chainID(t *testing.T, line string) string {
	t.Helper()
	_, after, _ := strings.Cut(try(t, []byte(line)), `"id":"`)
	return after[:32]
}

func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// watched is a log that tells when something is written to it.
type watched struct {
	look  string
	found func()

	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(b)
	if w.found != nil && strings.Contains(w.text.String(), w.look) {
		w.found()
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
