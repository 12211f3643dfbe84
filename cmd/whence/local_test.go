package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestLocalKafka(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kafka")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stdin, hold := io.Pipe()
	read, stdout := io.Pipe()
	cmd := localCommand()
	cmd.SetArgs([]string{"kafka", "--dir", dir, "--port", "0", "--topic", "raw:3", "--topic", "whence.sessions:2", "--stdin"})
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(io.Discard)
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.ExecuteContext(ctx)
		stdout.Close()
	}()
	out := bufio.NewReader(read)
	addr, err := out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", err, <-ended)
	}
	wantTopics(ctx, t, strings.TrimSpace(addr), map[string]int{"raw": 3, "whence.sessions": 2})

	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil || len(rest) > 0 {
		t.Errorf("after the address: %q, %v", rest, err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the data: %v", err)
	}
}

func wantTopics(ctx context.Context, t *testing.T, addr string, want map[string]int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for name, topic := range topics {
		got[name] = len(topic.Partitions)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTopicsFlag(t *testing.T) {
	for text, want := range map[string]string{
		"raw:3":   "raw:3",
		"raw":     "must be name:partitions",
		"raw:":    "must be name:partitions",
		"raw:0":   "must be name:partitions",
		"raw:x":   "must be name:partitions",
		":3":      "cannot be the name",
		"a b:3":   "cannot be the name",
		"raw:1e9": "must be name:partitions",
	} {
		var f topicsFlag
		got := ""
		if err := f.Set(text); err != nil {
			got = err.Error()
		} else {
			got = f.String()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
