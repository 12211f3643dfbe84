package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"whence/correlate"
	"whence/sources"
)

// docs/sources.md is made of the registered sources, of what their fixtures use, and of
// the guide. make docs writes it.
func TestSourcesDoc(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "sources.md")
	got := sourcesDoc(t)
	if *update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("docs/sources.md is not what the sources say now: run make docs")
	}
}

// Every source has a line in the guide.
func TestSourcesGuide(t *testing.T) {
	for _, s := range sources.All() {
		if guide[s.Name] == "" {
			t.Errorf("%s is not in the guide (sources_guide_test.go): say what to switch on to get it, and to join it exactly; then make docs", s.Name)
		}
	}
	for name := range guide {
		if _, ok := sources.Find(name); !ok {
			t.Errorf("%s is in the guide, and is no source", name)
		}
	}
}

// What people look for is in the source that they are sent to.
func TestSourcesLookedFor(t *testing.T) {
	for _, l := range lookedFor {
		found := false
		for _, f := range fixturesOf(t, l.source) {
			for _, in := range f.records {
				found = found || bytes.Contains(in.Raw, []byte(l.proof))
			}
		}
		if !found {
			t.Errorf("%s: no fixture of %s has %q", l.what, l.source, l.proof)
		}
	}
}

func sourcesDoc(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(docBegin)
	for _, s := range sources.All() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Name, minted(s), used(t, s), brief(s.Lateness), guide[s.Name])
	}
	b.WriteString(docLookedFor)
	for _, l := range lookedFor {
		fmt.Fprintf(&b, "| %s | `%s`%s |\n", l.what, l.source, strings.TrimSuffix(", "+l.how, ", "))
	}
	b.WriteString(docEnd)
	return b.Bytes()
}

// minted are the kinds that a source mints, with the best proof it gives.
func minted(s sources.Source) string {
	var all []string
	for _, k := range s.Kinds {
		text := fmt.Sprintf("`%s` %s", k.Kind, k.Best)
		if k.Alias {
			text = fmt.Sprintf("`%s` (a name)", k.Kind)
		}
		all = append(all, text)
	}
	return listed(all)
}

// used are the kinds by which the events and facts of its fixtures lead on.
func used(t *testing.T, s sources.Source) string {
	var all []string
	see := func(links []correlate.Link) {
		for _, l := range links {
			if !l.Key.IsZero() {
				all = append(all, fmt.Sprintf("`%s`", l.Key.Kind))
			}
		}
	}
	for _, f := range fixturesOf(t, s.Name) {
		for _, in := range f.records {
			var out sources.Batch
			s.DecodeRecord(in, &out)
			for i := range out.Events {
				see(out.Events[i].Uses)
				for _, m := range out.Events[i].Mints {
					see(m.Parents)
				}
			}
		}
	}
	return listed(all)
}

func listed(all []string) string {
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

// brief is a duration of minutes or hours.
func brief(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

const docBegin = `# Sources

Every log that ` + "`whence`" + ` reads: what its lines mint, what they use, how late they may come unless the key
` + "`lateness`" + ` says otherwise, and what to switch on to get them and to join them exactly. This page is made by
` + "`make docs`" + ` from the sources and their fixtures; a test fails when it is stale. A log that is not here:
[sources-declarative.md](sources-declarative.md).

A key is minted by the line that tells of its being issued, with the strongest proof that line can give; a name is
carried by several keys over time, so a join on it is an inference. What a source uses is where its walks go on: read
the sources that mint it, too.

| source | mints | uses | late by | to switch on |
|---|---|---|---|---|
`

const docLookedFor = `
Under another name:

| what | is in |
|---|---|
`

const docEnd = `
## What calls of models cost

Where a line does not tell the cost of a call itself, a list of prices does, by the model that served. One comes with
` + "`whence`" + `, of the list prices of large vendors; put your own into a file and name it in ` + "`prices`" + `. It is read again within
seconds of a change, and the last good one stays in use. A model that is not listed, or a rate that a call needs and that
is not there, makes the cost unknown, never zero.

` + "```yaml" + `
# prices.yaml, with "prices: prices.yaml" in whence.yaml
default: true          # the list that comes with whence counts for models that are not here
models:                # US dollars for a million tokens
  - {model: gpt-4o, input: 2.25, output: 9, cache_read: 1.10}
  - {model: gpt-4o, from: 2026-07-01, input: 2, output: 8, cache_read: 1}       # from that day on
  - {model: acme-own-model, input: 0, output: 0}                               # costs nothing, and that is known
  - model: claude-sonnet-4-5
    input: 3
    output: 15
    cache_read: 0.30
    cache_write: 3.75
    above: {tokens: 200000, input: 6, output: 22.50, cache_read: 0.60, cache_write: 7.50}
` + "```" + `

A model is looked up as the log names it, then without region, vendor, revision and date:
` + "`eu.anthropic.claude-sonnet-4-5-20250929-v1:0`" + ` is ` + "`claude-sonnet-4-5`" + `.

## Getting a log into a topic

One raw topic for each log (and for each scope that its lines do not name: a Vault device, a cluster, a gateway),
mapped to its source in ` + "`topics`" + `. Records hold the lines as the vendor writes them, one a record, or the vendor's
own envelope of many; anything a collector wraps around them is not unwrapped. The record key may be anything. Two
headers are read: ` + "`whence-scope`" + ` overrides the topic's scope, and ` + "`whence-received-at`" + ` (RFC 3339) says when a line
was received that tells no time itself. Webhooks need the vendor's own headers that name the event, such as
` + "`X-GitHub-Event`" + `.

Lines may be larger than the 1 MB that producers and topics allow unless told otherwise: records of up to 16 MiB are
read, so the collectors below and the topic's ` + "`max.message.bytes`" + ` allow as much.

Kafka Connect, any source connector that delivers bytes or text, with the scope as a header (the connector for files
is in the jar ` + "`connect-file`" + `, which has to be put on the worker's ` + "`plugin.path`" + `):

` + "```json" + `
{
  "name": "vault-audit",
  "config": {
    "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
    "file": "/var/log/vault/audit.log",
    "topic": "raw.vault",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    "header.converter": "org.apache.kafka.connect.storage.StringConverter",
    "transforms": "scope",
    "transforms.scope.type": "org.apache.kafka.connect.transforms.InsertHeader",
    "transforms.scope.header": "whence-scope",
    "transforms.scope.value.literal": "prod/file0",
    "producer.override.max.request.size": "17825792"
  }
}
` + "```" + `

Vector, with the line as it was read and both headers. Where it is in the file moves on only once Kafka has the lines:

` + "```yaml" + `
sources:
  vault: {type: file, include: [/var/log/vault/audit.log], max_line_bytes: 16777216}
transforms:
  vault_headers:
    type: remap
    inputs: [vault]
    source: |
      .headers = {"whence-scope": "prod/file0", "whence-received-at": to_string(now())}
sinks:
  raw_vault:
    type: kafka
    inputs: [vault_headers]
    bootstrap_servers: kafka:9092
    topic: raw.vault
    headers_key: headers
    encoding: {codec: raw_message}
    acknowledgements: {enabled: true}
    librdkafka_options: {message.max.bytes: "17825792"}
` + "```" + `

Fluent Bit, whose output sets no headers: give the topic its scope in ` + "`topics`" + `. The format is raw, as the record that
Fluent Bit makes of a line is not the line. Without a ` + "`db`" + ` it leaves out what was written while it was down, and a
line that is longer than the buffer makes it give up the file unless it may skip the line:

` + "```yaml" + `
pipeline:
  inputs:
    - name: tail
      path: /var/log/vault/audit.log
      key: log
      tag: vault
      db: /var/lib/fluent-bit/vault.db
      read_from_head: true
      buffer_max_size: 16M
      skip_long_lines: on
  outputs:
    - name: kafka
      match: vault
      brokers: kafka:9092
      topics: raw.vault
      format: raw
      raw_log_key: log
      rdkafka.message.max.bytes: 17825792
` + "```" + `

## Hashes of access keys, from Vault

A mount of Vault's AWS engine that may not be tuned to log access keys in plain logs their HMAC. Vault says which HMAC
a key has by ` + "`sys/audit-hash/<device>`" + `, to whoever has a policy for it. So ask for the keys of chains that end at one,
with the time at which CloudTrail first shows it, and send all that Vault answers, a line for each, to a topic of
` + "`vault.audit_hash`" + ` that has the scope of the device's own (` + "`prod/file0`" + `):

` + "```sh" + `
clickhouse client --query "
  SELECT substring(executor_key, 16), min(time) FROM whence.chains_now
  WHERE source = 'aws.cloudtrail' AND status != 'attributed' AND startsWith(executor_key, 'aws.access_key:')
  GROUP BY executor_key" |
while read -r key seen; do
  vault write -format=json sys/audit-hash/file0 input="$key" </dev/null |
    jq -c --arg key "$key" --arg seen "$seen" '{access_key_id: $key, seen_at: $seen, response: .}'
done >hashes.ndjson
` + "```" + `

Keys that Vault did not make do no harm. What the API answers will do as ` + "`response`" + `, too. The line's event goes by Vault's
` + "`request_id`" + `: in ` + "`vault.audit`" + ` the same request is ` + "`<request_id>/request`" + ` and ` + "`<request_id>/response`" + `, so that an auditor
finds who asked, and that it was asked. A line with nothing but the hash, which rests on the operator's word alone, is taken as well:
` + "`" + `{"access_key_id":"AKIA...","hash":"hmac-sha256:...","seen_at":"2026-03-02T09:20:00Z"}` + "`" + `.
`
