package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "github.com/ClickHouse/clickhouse-go/v2"
)

// What whence run wrote verifies, Kafka included, and what is done to it by hand is
// found and named.
func TestVerifyEndToEnd(t *testing.T) {
	ctx, broker, engine := servers(t)
	config := configFile(t, broker.Addr(), engine.Addr(), "")
	public := withLedger(t, config, 1)

	produce(ctx, t, broker.Addr(), lines)
	id := chainID(t, lines[0])
	for range 2 { // the second takes over after the first
		runUntil(ctx, t, config, id)
	}
	if code, out := whence(t, "repair", "-c", config); code != exitDone {
		t.Errorf("repair: exit code %d\n%s", code, out)
	}
	code, out := whence(t, "verify", "-c", config)
	if code != exitDone || !strings.HasSuffix(out, "\nintact\n") || strings.Contains(out, "Kafka") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	code, out = whence(t, "verify", "-c", config, "--kafka", "--public-key", public, "--json")
	var report verified
	if err := json.Unmarshal([]byte(out), &report); code != exitDone || err != nil ||
		report.Rows < int64(len(lines)) || report.Evidence.Events != int64(len(lines)) || report.Found != 0 || report.Pending != 0 || report.Linked != report.Entries {
		t.Errorf("exit code %d, %v\n%s", code, err, out)
	}
	if code, out = whence(t, "verify", "-c", config, "--from", "2001-01-01", "--to", "2001-01-02"); code != exitDone || !strings.Contains(out, "0 rows") {
		t.Errorf("a day without rows: exit code %d\n%s", code, out)
	}

	conn, err := driver.Open(&driver.Options{Addr: []string{engine.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	tamper := func(statement string) {
		t.Helper()
		if err := conn.Exec(ctx, statement+" SETTINGS mutations_sync = 2"); err != nil {
			t.Fatal(err)
		}
	}
	tamper("ALTER TABLE whence.chains UPDATE evidence_sha256 = reverse(evidence_sha256) WHERE id = '" + id + "'")
	code, out = whence(t, "verify", "-c", config, "--kafka")
	if code != exitFailed || !strings.Contains(out, "row altered: chain "+id) || !strings.Contains(out, "evidence differs: chain "+id) || !strings.Contains(out, "findings") {
		t.Errorf("a changed column: exit code %d\n%s", code, out)
	}
	// Somebody starts ClickHouse anew: it does not know that there ever was anything.
	tamper("ALTER TABLE whence.chains DELETE WHERE 1")
	tamper("ALTER TABLE whence.ledger DELETE WHERE 1")
	tamper("ALTER TABLE whence.ledger_checkpoints DELETE WHERE 1")
	if code, out = whence(t, "verify", "-c", config); code != exitDone {
		t.Errorf("nothing at all: exit code %d\n%s", code, out)
	}
	code, out = whence(t, "verify", "-c", config, "--kafka")
	if code != exitFailed || !strings.Contains(out, "run removed: lane raw/") {
		t.Errorf("nothing at all, but for Kafka: exit code %d\n%s", code, out)
	}
}

func TestVerifyUsage(t *testing.T) {
	config := configFile(t, "127.0.0.1:1", "127.0.0.1:1", "")
	dir := filepath.Dir(config)
	write(t, filepath.Join(dir, "no.pub"), []byte("SECRET-MARKER"))
	for want, args := range map[string][]string{
		"name the file with the operator's public key": nil,
		"openssl pkey -pubout":                         {"--public-key", filepath.Join(dir, "no.pub")},
		"--from is \"yesterday\"; want a day":          {"--from", "yesterday"},
		"--from is not before --to":                    {"--from", "2026-03-02", "--to", "2026-03-02"},
	} {
		code, out := whence(t, append([]string{"verify", "-c", config}, args...)...)
		if code != exitWrong || !strings.Contains(out, want) || strings.Contains(out, "SECRET-MARKER") {
			t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
	withLedger(t, config, 1)
	if code, out := whence(t, "verify", "-c", config); code != exitFailed || !strings.Contains(out, "reach clickhouse") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	t.Setenv("WHENCE_CLICKHOUSE_KEEP_DAYS_CHAINS", "500")
	if code, out := whence(t, "verify", "-c", config); code != exitWrong || !strings.Contains(out, "clickhouse.keep_days.ledger 430: want as many days as chains are kept") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	t.Setenv("WHENCE_CLICKHOUSE_KEEP_DAYS_CHAINS", "")
	write(t, filepath.Join(dir, "ledger.pem"), []byte("SECRET-MARKER"))
	for _, command := range []string{"run", "verify"} {
		if code, out := whence(t, command, "-c", config); code != exitWrong || !strings.Contains(out, "openssl genpkey") || strings.Contains(out, "SECRET-MARKER") {
			t.Errorf("%s: exit code %d\n%s", command, code, out)
		}
	}
}

// withLedger adds a ledger to a configuration, and returns the public key's file.
func withLedger(t *testing.T, config string, seed byte) (public string) {
	t.Helper()
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, append(text, "ledger: {key_file: ledger.pem}\n"...))
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	save := func(name, kind string, der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(filepath.Dir(config), name)
		write(t, path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	save("ledger.pem", "PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(key.Public())
	return save("ledger.pub", "PUBLIC KEY", der, err)
}

// runUntil runs whence until a chain is there and it has committed.
func runUntil(ctx context.Context, t *testing.T, config, id string) {
	t.Helper()
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
	for {
		if code, _ := whence(t, "explain", id, "-c", config); code == exitDone {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond): // ClickHouse tells nobody about rows
		case <-ctx.Done():
			t.Fatalf("the chain is not there\n%s", log)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}
