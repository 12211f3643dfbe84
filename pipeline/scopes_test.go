package pipeline

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// TestTwoAuditDevices: both devices of a Vault write every request, each with HMACs of
// its own, and on topics of their own. It is one deed, told twice, and what one device
// has lost the other makes up for.
func TestTwoAuditDevices(t *testing.T) {
	login := vaultLine("r-login", "auth/oidc/oidc/callback", "update", 0, `"auth":{"accessor":"hmac-sha256:%[1]sa","display_name":"oidc-alice","metadata":{"email":"alice@example.com"}},"response":{"auth":{"accessor":"hmac-sha256:%[1]sa","display_name":"oidc-alice","metadata":{"email":"alice@example.com"}}}`)
	read := vaultLine("r-read", "secret/data/db", "read", time.Minute, `"auth":{"accessor":"hmac-sha256:%[1]sa"},"response":{"data":{"data":{"password":"hmac-sha256:%[1]sb"}}}`)
	for _, tt := range []struct {
		name         string
		file, socket []string
	}{
		{"both have all", []string{login, read}, []string{login, read}},
		{"the first lost the login", []string{read}, []string{login, read}},
		{"the second lost the login", []string{login, read}, []string{read}},
		{"one has the login and the other what came of it, twice", []string{read, read}, []string{read, login}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := emptyBench(t)
				b.topics(Topic{Name: "raw.vault-file", Source: "vault.audit", Scope: "prod/file"}, Topic{Name: "raw.vault-socket", Source: "vault.audit", Scope: "prod/socket"})
				b.lay("raw.vault-file", salted("f", tt.file)...)
				b.lay("raw.vault-socket", salted("s", tt.socket)...)
				b.finish()
				if n := b.sink.len(); n != 2 {
					t.Errorf("%d chains were written for 2 requests", n)
				}
				for _, c := range b.sink.chains {
					if c.Status != correlate.Attributed || c.Requestor.ID != "alice@example.com" || c.Proof != correlate.Issued {
						t.Errorf("%s is %s to %q, %s: %s", c.EventID, c.Status, c.Requestor.ID, c.Proof, c.Reason)
					}
				}
			})
		})
	}
}

// vaultLine is a response with places for a device's HMACs.
func vaultLine(id, path, operation string, after time.Duration, rest string) string {
	return fmt.Sprintf(`{"time":%q,"type":"response","request":{"id":%q,"operation":%q,"path":%q,"client_token_accessor":"hmac-sha256:%%[1]sa"},%s}`,
		began.Add(after).Format(time.RFC3339), id, operation, path, rest)
}

func salted(salt string, lines []string) (all [][]byte) {
	for _, l := range lines {
		all = append(all, []byte(strings.ReplaceAll(l, "%[1]s", salt)))
	}
	return all
}

// TestSpansInProtobuf: an OpenTelemetry Collector's exporter sends requests in protobuf.
// Bytes that are no text go through Kafka as they are, and spans of one trace meet
// whatever partition they are on.
func TestSpansInProtobuf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := emptyBench(t)
		b.topics(Topic{Name: "raw.otel", Source: "otel.genai"})
		const trace = "4bf92f3577b34da6a3ce929d0e0e47ff"
		b.lay("raw.otel", otlp(trace, "00f067aa0ba902b2", "00f067aa0ba902b1", "gen_ai.operation.name", "chat", "gen_ai.response.model", "gpt-4o"))
		b.lay("raw.otel", otlp(trace, "00f067aa0ba902b1", "", "gen_ai.operation.name", "invoke_agent", "user.email", "alice@example.com"))
		b.lay("raw.otel", []byte("\x0a\xff\xff\xff\xff\x0f")) // cut off
		b.finish()
		if n := b.sink.len(); n != 2 {
			t.Errorf("%d chains were written for 2 spans", n)
		}
		for _, c := range b.sink.chains {
			if c.Status != correlate.Attributed || c.Requestor.ID != "alice@example.com" || c.Proof != correlate.Claimed {
				t.Errorf("%s is %s to %q, %s: %s", c.EventID, c.Status, c.Requestor.ID, c.Proof, c.Reason)
			}
		}
		rejected := 0
		for _, n := range b.sink.reject {
			rejected += n
		}
		if rejected != 1 {
			t.Errorf("%d records were rejected", rejected)
		}
	})
}

// otlp is an export request with one span, as protobuf.
func otlp(trace, span, parent string, attributes ...string) []byte {
	field := func(n byte, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{n<<3 | 2}, uint64(len(b))), b...)
	}
	id := func(n byte, s string) []byte {
		b, _ := hex.DecodeString(s)
		if len(b) == 0 {
			return nil
		}
		return field(n, b)
	}
	begin := binary.LittleEndian.AppendUint64([]byte{7<<3 | 1}, uint64(began.UnixNano()))
	s := append(append(append(append(id(1, trace), id(2, span)...), id(4, parent)...), field(5, []byte("span"))...), begin...)
	for i := 0; i < len(attributes); i += 2 {
		value := field(1, []byte(attributes[i+1]))
		s = append(s, field(9, append(field(1, []byte(attributes[i])), field(2, value)...))...)
	}
	return field(1, field(2, field(2, s)))
}

// topics makes raw topics that no line is later in than a minute.
func (b *bench) topics(topics ...Topic) {
	b.t.Helper()
	b.cfg.Topics, b.cfg.Lateness = topics, map[string]time.Duration{}
	for _, tc := range topics {
		b.cfg.Lateness[tc.Source] = time.Minute
	}
	b.makeTopics(nil, topicNames(b.cfg)...)
}

// lay appends records to a raw topic, wherever it pleases the client.
func (b *bench) lay(topic string, values ...[]byte) {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	for _, v := range values {
		if err := client.ProduceSync(b.t.Context(), &kgo.Record{Topic: topic, Value: v}).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}
