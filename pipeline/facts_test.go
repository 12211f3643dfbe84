package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate"
)

// compact makes the broker clean a topic until less than half of what was written
// is left. On Kafka whoever writes there must go on, because only what is written
// begins a new segment, and the newest is never cleaned.
func (b *bench) compact(topic string) {
	b.t.Helper()
	if !b.real() {
		b.cluster.Compact()
		return
	}
	client := b.client()
	defer client.Close()
	_, err := kadm.NewClient(client).AlterTopicConfigs(b.t.Context(), []kadm.AlterConfig{
		{Name: "segment.ms", Value: kadm.StringPtr("200")},
		{Name: "min.cleanable.dirty.ratio", Value: kadm.StringPtr("0.01")},
	}, topic)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until(topic+" is compacted", func() bool {
		written := int64(0)
		b.ends(topic).Each(func(o kadm.ListedOffset) { written += o.Offset })
		return int64(len(b.everything(topic)))*2 < written
	})
}

// TestCompactedSessions starts with an empty store from a topic that was cleaned:
// what is left there tells as much as all that was written.
func TestCompactedSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		const keys = 20
		b.trail()
		b.cfg.RefreshMarks = 100 * time.Millisecond // much that can go
		issued := time.Now().Add(-time.Minute)
		for n := range keys {
			b.send(int32(n%rawPartitions), issues(n, keyOf(n), fmt.Sprintf("person%d@example.com", n), issued))
		}
		writer := b.start(nil)
		b.until("the facts are written", b.read)
		time.Sleep(3 * time.Second) // marks on marks
		b.compact(b.tableConfig().SessionsTopic)
		writer.stop(t)

		for n := range keys {
			b.send(int32((n+1)%rawPartitions), deletes(keys+n, keyOf(n), time.Now()))
		}
		reader := b.start(nil)
		b.until("the deeds are judged", func() bool { return b.sink.len() == 2*keys })
		for n := range keys {
			c := b.chain(keys + n)
			if want := fmt.Sprintf("person%d@example.com", n); c.Status != correlate.Attributed || c.Requestor.ID != want {
				t.Errorf("line %d: %s to %q; want %q", keys+n, c.Status, c.Requestor.ID, want)
			}
		}
		reader.stop(t)
	})
}

// makesKey is a line of a person making an access key for the user backup, which
// works until it is deleted.
func makesKey(n int, key, session string, at time.Time) string {
	return line(n, at, "iam.amazonaws.com", "CreateAccessKey", object{
		"type": "AssumedRole", "principalId": "AROAEXAMPLEDEPLOY:" + session, "accountId": "123456789012", "accessKeyId": session,
		"arn": "arn:aws:sts::123456789012:assumed-role/deploy/" + session,
		"sessionContext": object{"sessionIssuer": object{
			"type": "Role", "principalId": "AROAEXAMPLEDEPLOY", "arn": "arn:aws:iam::123456789012:role/deploy", "accountId": "123456789012", "userName": "deploy",
		}},
	}, object{
		"requestParameters": object{"userName": "backup"},
		"responseElements":  object{"accessKey": object{"userName": "backup", "accessKeyId": key, "status": "Active"}},
	})
}

// usesKey is a line of the user backup writing with that key.
func usesKey(n int, key string, at time.Time) string {
	return line(n, at, "s3.amazonaws.com", "PutObject", object{
		"type": "IAMUser", "principalId": "AIDAEXAMPLEBACKUP", "accountId": "123456789012", "accessKeyId": key,
		"arn": "arn:aws:iam::123456789012:user/backup", "userName": "backup",
	}, object{
		"requestParameters": object{"bucketName": "example-backup", "key": fmt.Sprintf("2026/%d.gz", n)},
	})
}

// TestRegistryOutlivesSessions: retention takes what the sessions topic holds, all
// stores are lost, and a key that was made before is known all the same.
func TestRegistryOutlivesSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		const made, key, session = 1, "AKIAEXAMPLEBACKUP001", "ASIAEXAMPLE000000001"
		b.trail()
		before := time.Now().Add(-time.Minute)
		b.send(0, issues(0, session, "alice@example.com", before), makesKey(made, key, session, before))
		first := b.start(nil)
		b.until("the key is known", b.read)
		first.stop(t)
		sessions := b.tableConfig().SessionsTopic
		b.ends(sessions).Each(func(o kadm.ListedOffset) { b.delete(sessions, o.Partition, o.Offset) })
		if left := b.everything(b.tableConfig().RegistryTopic); len(left) == 0 {
			t.Fatal("nothing is in the registry")
		}

		b.send(1, usesKey(2, key, time.Now()), deletes(3, session, time.Now()))
		second := b.start(nil)
		b.until("the deeds are judged", func() bool { return b.sink.len() == 4 })
		if c := b.chain(2); c.Rank == 0 {
			t.Errorf("nothing is known of the key: %s, %+v", c.Status, c.Hops)
		}
		if c := b.chain(3); c.Status == correlate.Attributed {
			t.Error("the session is known; the test wants the sessions topic to be lost")
		}
		second.stop(t)
	})
}
