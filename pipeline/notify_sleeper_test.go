package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
	"whence/rules/notice"
	"whence/sinks"
)

// compactBench has a notices topic as whence makes it.
func compactBench(t *testing.T) *bench {
	b := trailBench(t)
	b.makeTopics(nil, alertsTopic)
	b.makeTopics(map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}, noticesTopic)
	return b
}

// notifyMember is the id of the only member of the group that tells the receiver.
func (b *bench) notifyMember(p *pager) string {
	b.t.Helper()
	g := b.cluster.GroupInfo(b.cfg.Group + ".notify." + p.name)
	if len(g.Members) != 1 || g.NumAssigned() != rawPartitions {
		b.t.Fatalf("the group is %+v; want one member with everything", g)
	}
	return g.Members[0].MemberID
}

// asleep has a notifier fall asleep within the nth sending of a notice: the group gives it
// up, and it does not notice until wake is called. It sends to a receiver of its own, which
// answers as it is told to. At the end nothing of it is left.
func (b *bench) asleep(p *pager, answer error) (wake func()) {
	b.t.Helper()
	slept, woken := make(chan struct{}), make(chan struct{})
	first := true
	p.after = func(context.Context) error {
		if !first {
			return nil
		}
		first = false
		close(slept)
		<-woken
		return answer
	}
	_, _, kill := b.runs(p)
	time.Sleep(20 * time.Second)
	b.deceive(b.notifyMember(p), true)
	b.raise("grouped", 1, 1, open)
	b.raise("grouped", 2, 1, open)
	<-slept
	time.Sleep(2 * b.cfg.SessionTimeout)
	return func() {
		close(woken)
		time.Sleep(20 * time.Second)
		kill()
	}
}

// TestNotifierThatSlept: another took over, told of the alert and that it is over, and of
// the next of its group. Then the sleeper wakes up and goes on where it was. Whoever comes
// next, when compaction has left only what was noted last, knows what the other has told.
func TestNotifierThatSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, sleeper, p := compactBench(t), &pager{name: "soc"}, &pager{name: "soc"}
		wake := b.asleep(sleeper, nil)
		_, stop, _ := b.runs(p)
		time.Sleep(time.Minute)
		b.raise("grouped", 1, 2, closed)
		time.Sleep(20 * time.Second)
		same(t, p, "opened grouped v1", "resolved grouped v2", "opened grouped v1")
		stop()
		wake()
		same(t, sleeper, "opened grouped v1")
		b.cluster.Compact()

		n, stop, _ := b.runs(p)
		time.Sleep(time.Minute)
		if s := n.Status(); s.Desk.Told != 1 {
			t.Errorf("%d open alerts were told, as the next knows; want the second of the group", s.Desk.Told)
		}
		b.raise("grouped", 2, 2, closed)
		time.Sleep(20 * time.Second)
		stop()
		same(t, p, "opened grouped v1", "resolved grouped v2", "opened grouped v1", "resolved grouped v2")
	})
}

// TestNotifierThatSleptTellsNoMore: what it was about to send again is told already, and
// over since.
func TestNotifierThatSleptTellsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, sleeper, p := compactBench(t), &pager{name: "soc"}, &pager{name: "soc"}
		wake := b.asleep(sleeper, &sinks.SendError{Err: errors.New("connection reset")})
		_, stop, _ := b.runs(p)
		time.Sleep(time.Minute)
		b.raise("grouped", 1, 2, closed)
		time.Sleep(20 * time.Second)
		wake()
		stop()
		same(t, p, "opened grouped v1", "resolved grouped v2", "opened grouped v1")
		if len(sleeper.took) != 1 {
			t.Errorf("the sleeper sent %d notices; want the one at which it fell asleep", len(sleeper.took))
		}
	})
}

// topicID is how newer requests name a topic.
func (b *bench) topicID(topic string) [16]byte {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(b.t.Context(), topic)
	if err != nil {
		b.t.Fatal(err)
	}
	return topics[topic].ID
}

// refusal answers a request to write with an error.
func refusal(req *kmsg.ProduceRequest, code int16) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			part := kmsg.NewProduceResponseTopicPartition()
			part.Partition, part.ErrorCode = p.Partition, code
			topic.Partitions = append(topic.Partitions, part)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

// TestNoticeThatCannotBeNoted: what was heard and could not be noted is heard again.
func TestNoticeThatCannotBeNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := noticeBench(t), &pager{name: "soc"}
		_, stop, _ := b.runs(p)
		time.Sleep(20 * time.Second)
		refused, notices := 0, b.topicID(noticesTopic)
		b.cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			r := req.(*kmsg.ProduceRequest)
			if t := r.Topics[0]; refused == 2 || t.Topic != noticesTopic && t.TopicID != notices {
				return nil, nil, false
			}
			refused++
			return refusal(r, kerr.TopicAuthorizationFailed.Code), nil, true
		})
		b.raise("single", 1, 1, open)
		time.Sleep(time.Minute)
		b.raise("single", 2, 1, open)
		time.Sleep(20 * time.Second)
		stop()
		same(t, p, "opened single v1", "opened single v1")
		if refused != 2 {
			t.Errorf("%d times nothing could be noted; want 2", refused)
		}
	})
}

// TestNotesAreTakenOver: from when on somebody has the notes, those before note nothing, on
// Kafka as it is.
func TestNotesAreTakenOver(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bench) {
		b.makeTopics(nil, alertsTopic, noticesTopic)
		n, _ := b.notifier(&pager{name: "soc"})
		n.client = b.client()
		defer n.client.Close()
		heard := func(version uint64) *notice.Desk {
			d := notice.NewDesk(nil, 10)
			d.Hear(correlate.Alert{ID: correlate.NewID("a"), Version: version, State: open, Rule: "single"})
			return d
		}
		first, err := n.openNotes(b.t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer first.close()
		if err := first.note(t.Context(), heard(1)); err != nil {
			t.Fatal(err)
		}
		second, err := n.openNotes(b.t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer second.close()
		if err := second.note(t.Context(), heard(2)); err != nil {
			t.Fatal(err)
		}
		if err := first.note(t.Context(), heard(3)); err == nil {
			t.Error("who had the notes before can still note")
		}
		known := notice.NewDesk(nil, 10)
		if err := n.restore(t.Context(), known); err != nil {
			t.Fatal(err)
		}
		known.Again(correlate.NewID("a"))
		if all, _ := known.Changed(); len(all) != 1 || all[0].Alert.Version != 2 {
			t.Errorf("what is noted is %+v; want version 2", all)
		}
	})
}
