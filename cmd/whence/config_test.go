package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const minimal = "topics: [{name: raw, source: aws.cloudtrail}]\n"

func TestSettingsDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whence.yaml")
	write(t, path, []byte(minimal))
	got, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultSettings()
	want.Topics = []topicSettings{{Name: "raw", Source: "aws.cloudtrail"}}
	want.Store.Dir = filepath.Join(filepath.Dir(path), want.Store.Dir)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSettingsFromEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"WHENCE_KAFKA_BROKERS":               "a.example.com:9092,b.example.com:9092",
		"WHENCE_KAFKA_TLS_ENABLED":           "true",
		"WHENCE_KAFKA_SASL_MECHANISM":        "scram-sha-512",
		"WHENCE_KAFKA_SASL_USERNAME":         "whence",
		"WHENCE_KAFKA_SASL_PASSWORD":         "pass word",
		"WHENCE_CLICKHOUSE_PASSWORD":         "12345",
		"WHENCE_CLICKHOUSE_LINGER":           "1s",
		"WHENCE_CLICKHOUSE_KEEP_DAYS_CHAINS": "7",
		"WHENCE_SESSIONS_REPLICATION":        "3",
		"WHENCE_LATENESS_AWS_CLOUDTRAIL":     "25m",
		"WHENCE_RULES_LIBRARY":               "false",
		"WHENCE_EPOCH":                       "4",
	} {
		t.Setenv(name, value)
	}
	path := filepath.Join(t.TempDir(), "whence.yaml")
	write(t, path, []byte(minimal+"lateness: {aws.cloudtrail: 1m, vault.audit: 2m}\nepoch: 1\n"))
	got, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultSettings()
	want.Topics = got.Topics
	want.Store = got.Store
	want.Kafka.Brokers = []string{"a.example.com:9092", "b.example.com:9092"}
	want.Kafka.TLS.Enabled = true
	want.Kafka.SASL = saslSettings{Mechanism: "scram-sha-512", Username: "whence", Password: "pass word"}
	want.ClickHouse.Password, want.ClickHouse.Linger, want.ClickHouse.KeepDays.Chains = "12345", time.Second, 7
	want.Sessions.Replication, want.Rules.Library, want.Epoch = 3, false, 4
	want.Lateness = map[string]time.Duration{"aws.cloudtrail": 25 * time.Minute, "vault.audit": 2 * time.Minute}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Two keys must not share a variable.
func TestEnvironmentNames(t *testing.T) {
	seen := map[string]string{}
	eachSetting("", reflect.ValueOf(defaultSettings()), func(key string, _ any) {
		name := envName(key)
		if seen[name] != "" {
			t.Errorf("%s and %s are both %s", seen[name], key, name)
		}
		seen[name] = key
		if key != strings.ToLower(key) || strings.HasSuffix(key, keyDelimiter) {
			t.Errorf("the key %q is not lower snake case", key)
		}
	})
	if len(seen) < 50 {
		t.Errorf("only %d keys", len(seen))
	}
}

func TestPathsStartAtTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whence.yaml")
	write(t, filepath.Join(dir, "pw"), []byte("SECRET\n"))
	write(t, path, []byte(minimal+"directory: people.yaml\nrules: {dir: /etc/whence/rules}\nclickhouse: {password_file: pw}\n"))
	s, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{strings.Join(s.Directory.Path, ","), strings.Join(s.Rules.Dir, ","), s.ClickHouse.Password}
	if diff := cmp.Diff([]string{filepath.Join(dir, "people.yaml"), "/etc/whence/rules", "SECRET"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
