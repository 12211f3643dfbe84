package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources"
)

// poison is a record that cannot be decoded, and what is to become of it.
type poison struct {
	name, value, reason string
	cut                 bool
}

func poisons() []poison {
	okta := `{"uuid":"f7a00001-4f67-11ef-abd3-1f5d113f2546","published":"2026-03-02T08:00:00.762Z","eventType":"user.session.start","actor":{"id":"00u1alice0000000d7","type":"User","alternateId":"alice@example.com"}}`
	return []poison{
		{name: "no JSON", value: `{"eventVersion":"1.09",`, reason: correlate.RejectNotJSON},
		{name: "of the wrong source", value: okta, reason: correlate.RejectSource},
		{name: "empty", value: "", reason: correlate.RejectEmpty},
		{name: "in UTF-16", value: utf16LE(deletes(9, "ASIAEXAMPLE000000009", began)), reason: correlate.RejectNotJSON},
		{name: "in Latin-1 without quotes", value: "caf\xe9 \xff\xfe\x00", reason: correlate.RejectNotJSON},
		{name: "packed", value: "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x02", reason: correlate.RejectNotJSON},
		{name: "nested 10,000 deep", value: strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), reason: correlate.RejectTooDeep},
		{name: "of 20 MB", value: `{"eventName":"` + strings.Repeat("DeleteObject", 20_000_000/12) + `"}`, reason: correlate.RejectTooLarge, cut: true},
		{name: "larger than a reject may be", value: `{"hello":"` + strings.Repeat("world", 200_000) + `"}`, reason: correlate.RejectSource, cut: true},
	}
}

// utf16LE is how some Windows collectors write.
func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// TestPoison puts every poison before a good record, on one partition. Nothing
// stops, and each can be found again by its coordinates.
func TestPoison(t *testing.T) {
	for _, p := range poisons() {
		t.Run(p.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, b *bench) {
				b.cfg.Topics = []Topic{{Name: trailTopic, Source: "aws.cloudtrail"}}
				// As the local broker has it: room for the largest record that is
				// decoded. The rejects topic keeps the megabyte of most brokers.
				b.makeTopics(map[string]*string{"max.message.bytes": kadm.StringPtr(strconv.Itoa(24 << 20))}, trailTopic)
				b.send(0, deletes(1, "ASIAEXAMPLE000000001", time.Now()), p.value, deletes(2, "ASIAEXAMPLE000000001", time.Now()))
				in := b.start(nil)
				b.until("both good lines are in", func() bool { return b.sink.len() == 2 })

				b.chain(1)
				b.chain(2)
				if d := cmp.Diff(map[string]int{p.reason + " " + trailTopic + "/0@1": 1}, b.sink.reject); d != "" {
					t.Errorf("rejects in the sink (-want +got):\n%s", d)
				}
				if got := in.metric("whence_rejects_total", "reason="+p.reason, "source=aws.cloudtrail"); got != 1 {
					t.Errorf("%g rejects are counted under %s; want 1", got, p.reason)
				}
				if all := in.metric("whence_rejects_total"); all != 1 {
					t.Errorf("%g rejects are counted; want 1", all)
				}
				if events, records := in.metric("whence_events_total"), in.metric("whence_records_total"); events != 2 || records != 3 {
					t.Errorf("%g events of %g records are counted; want 2 of 3", events, records)
				}
				in.stop(t)
				letters := b.rejected()
				if len(letters) != 1 {
					t.Fatalf("%d records in the rejects topic; want 1", len(letters))
				}
				checkLetter(t, letters[0], p)
				if !b.read() {
					t.Error("the poison was not committed")
				}
				if said := in.log.saying(""); len(said) > 0 {
					t.Errorf("a reject is counted and kept; it was also logged: %.200q", said)
				}
			})
		})
	}
}

// checkLetter compares a record of the rejects topic with the poison.
func checkLetter(t *testing.T, r *kgo.Record, p poison) {
	t.Helper()
	value := p.value
	if p.cut {
		value = value[:maxRejectBytes]
	}
	if string(r.Value) != value {
		t.Errorf("the reject has %d bytes, %.40q...; want %d, %.40q...", len(r.Value), r.Value, len(value), value)
	}
	sum := sha256.Sum256([]byte(p.value))
	want := map[string]string{
		"whence-reason": p.reason, "whence-source": "aws.cloudtrail", "whence-topic": trailTopic, "whence-partition": "0", "whence-offset": "1",
		"whence-sha256": hex.EncodeToString(sum[:]), "whence-cut": strconv.FormatBool(p.cut),
	}
	got := map[string]string{}
	for _, h := range r.Headers {
		got[h.Key] = string(h.Value)
	}
	if got["whence-detail"] == "" {
		t.Error("the reject does not say to a reader what is wrong")
	}
	if _, err := time.Parse(time.RFC3339Nano, got[receivedAt]); err != nil {
		t.Errorf("the reject does not say when the record was received: %v", err)
	}
	delete(got, "whence-detail")
	delete(got, receivedAt)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}

// rejected returns what is in the rejects topic.
func (b *bench) rejected() []*kgo.Record { return b.everything(b.cfg.RejectsTopic) }

// TestBadElement hides poison among good lines in one record: only the poison is
// rejected, and it alone is what the rejects topic gets.
func TestBadElement(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		now := time.Now()
		bad := `{"hello":"world"}`
		b.send(0, fmt.Sprintf(`{"Records":[%s,%s,%s]}`, deletes(1, "ASIAEXAMPLE000000001", now), bad, deletes(2, "ASIAEXAMPLE000000002", now)))
		in := b.start(nil)
		b.until("both good lines are in", func() bool { return b.sink.len() == 2 })
		for n := range 2 {
			if at := b.chain(n + 1).Evidence; at.Topic != trailTopic || at.Partition != 0 || at.Offset != 0 {
				t.Errorf("line %d is said to be at %+v", n+1, at)
			}
		}
		if got := in.metric("whence_rejects_total", "reason="+correlate.RejectSource); got != 1 {
			t.Errorf("%g rejects are counted; want 1", got)
		}
		in.stop(t)
		letters := b.rejected()
		if len(letters) != 1 || string(letters[0].Value) != bad {
			t.Errorf("the rejects topic has %d records; want 1, of the bad element alone", len(letters))
		}
	})
}

// TestDecoderPanics: what a decoder fails over is rejected, and the lines before and
// after it are not. Nothing of the record is in the log.
func TestDecoderPanics(t *testing.T) {
	inFakeTime(t, func(t *testing.T, b *bench) {
		b.trail()
		in := b.build()
		defer in.table.Close()
		src, _ := sources.Find("aws.cloudtrail")
		decode := src.Decode
		src.Decode = func(in sources.Input, out *sources.Batch) {
			decode(in, out)
			if strings.Contains(string(in.Raw), "SECRET-MARKER") {
				panic("index out of range in SECRET-MARKER")
			}
		}
		l := newLane(in.shared, b.cfg.Topics[0], src, 0, 1)
		l.kit = in.newKit()
		var records []*kgo.Record
		for n, name := range []string{"a", "SECRET-MARKER", "b"} {
			records = append(records, &kgo.Record{Topic: trailTopic, Offset: int64(n), Value: []byte(deletes(n, keyOf(n), time.Now())[:1] + `"note":"` + name + `",` + deletes(n, keyOf(n), time.Now())[1:])})
		}
		l.decode(records)
		var ids []string
		for i := range l.work.decoded.Events {
			ids = append(ids, l.work.decoded.Events[i].EventID)
		}
		if d := cmp.Diff([]string{eventID(0), eventID(2)}, ids); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
		rejects := l.work.out.Rejects
		if len(rejects) != 1 || rejects[0].Reason != correlate.RejectFailed || rejects[0].Offset != 1 || string(rejects[0].Raw) != string(records[1].Value) {
			t.Errorf("rejects: %+v", rejects)
		}
		said := in.log.saying("a decoder failed")
		if len(said) != 1 || strings.Contains(said[0], "SECRET") || !strings.Contains(said[0], "TestDecoderPanics") {
			t.Errorf("it said %q", in.log.saying(""))
		}
	})
}

// TestBatchThatBursts is small on the wire and huge when it is unpacked. Nobody
// can read it, so it is passed over; its lane and the time go on.
func TestBatchThatBursts(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.trail()
		now := time.Now()
		b.send(0, deletes(1, keyOf(1), now))
		client := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(8<<20), kgo.ProducerBatchCompression(kgo.GzipCompression()))
		defer client.Close()
		var burst []*kgo.Record
		for range 3 {
			burst = append(burst, &kgo.Record{Topic: trailTopic, Partition: 0, Value: make([]byte, 2<<20)})
		}
		if err := client.ProduceSync(t.Context(), burst...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		b.send(0, deletes(2, keyOf(2), now))
		in := b.build()
		in.maxBatchBytes = 5 << 20
		b.launch(in)
		b.until("both good lines are in", func() bool { return b.sink.len() == 2 })

		b.chain(1)
		b.chain(2)
		if d := cmp.Diff(map[string]int{correlate.RejectTooLarge + " " + trailTopic + "/0@1": 1}, b.sink.reject); d != "" {
			t.Errorf("rejects in the sink (-want +got):\n%s", d)
		}
		if got := in.metric("whence_rejects_total", "reason="+correlate.RejectTooLarge, "source=aws.cloudtrail"); got != 1 {
			t.Errorf("%g rejects are counted; want 1", got)
		}
		in.stop(t)
		if p := b.committed(0); p.head != 5 {
			t.Errorf("committed at %d; want 5", p.head)
		}
		letters := b.rejected()
		if len(letters) != 1 || len(letters[0].Value) != 0 {
			t.Fatalf("%d records in the rejects topic; want one without bytes", len(letters))
		}
		told := slices.ContainsFunc(letters[0].Headers, func(h kgo.RecordHeader) bool {
			return h.Key == "whence-detail" && strings.Contains(string(h.Value), "offsets 1 to 3")
		})
		if !told {
			t.Errorf("the reject does not tell which offsets were passed over: %s", letters[0].Headers)
		}

		again := b.start(nil) // the place is past it
		b.send(0, deletes(3, keyOf(3), now))
		b.until("the next owner has read on", func() bool { return b.sink.len() == 3 })
		if got := again.metric("whence_rejects_total"); got != 0 {
			t.Errorf("the next owner rejected %g records", got)
		}
		again.stop(t)
	})
}
