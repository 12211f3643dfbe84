package pipeline

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const testEvents = 300

// calm is what one instance makes of the estate when nothing goes wrong.
func calm(t *testing.T) map[string]string {
	t.Helper()
	var want map[string]string
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, testEvents)
		b.finish()
		want = b.sink.contents(t)
		if len(b.sink.reject) > 0 {
			t.Errorf("rejects in a calm run: %v", b.sink.reject)
		}
	})
	return want
}

var errCrash = errors.New("crash")

// TestCrashAfterEveryStep kills the process after each part of the path, at
// several batches, and lets another finish.
func TestCrashAfterEveryStep(t *testing.T) {
	want := calm(t)
	for _, point := range []string{"decode", "bind", "judge", "sinks"} {
		for _, nth := range []int32{1, 3, 8} {
			t.Run(fmt.Sprintf("%s of batch %d", point, nth), func(t *testing.T) {
				run := inFakeTime
				if nth == 3 {
					run = everywhere // where a crash takes ten seconds
				}
				run(t, func(t *testing.T, b *bench) {
					b.fill(testEvents)
					var seen atomic.Int32 // lanes come here at once
					in := b.start(func(in *instance, at string) error {
						if at != point {
							return nil
						}
						if seen.Add(1) != nth {
							return nil
						}
						go in.kill()
						return errCrash
					})
					<-in.closed
					b.finish()
					if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
						t.Errorf("(-calm +got):\n%s", d)
					}
				})
			})
		}
	}
}

// TestKillAtAnyTime kills instance after instance, without regard to steps.
func TestKillAtAnyTime(t *testing.T) {
	want := calm(t)
	everywhere(t, func(t *testing.T, b *bench) {
		b.fill(testEvents)
		kills, longer := 12, 700
		if b.real() {
			kills, longer = 8, 60
		}
		for i := range kills {
			in := b.start(nil)
			time.Sleep(time.Duration(1+i*i*longer) * time.Millisecond)
			in.kill()
			<-in.closed
		}
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("(-calm +got):\n%s", d)
		}
	})
}

// TestFailedCommits answers commits with errors for a while.
func TestFailedCommits(t *testing.T) {
	want := calm(t)
	for _, code := range []*kerr.Error{kerr.NotCoordinator, kerr.InvalidCommitOffsetSize, kerr.RebalanceInProgress} {
		t.Run(code.Message, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, testEvents)
				failures := 20
				b.cluster.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
					b.cluster.KeepControl()
					if failures--; failures < 0 {
						return nil, nil, false
					}
					return answerCommit(req, code.Code), nil, true
				})
				b.finish()
				if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
					t.Errorf("(-calm +got):\n%s", d)
				}
			})
		})
	}
}

// TestJoinAndLeave moves partitions between instances while they work.
func TestJoinAndLeave(t *testing.T) {
	want := calm(t)
	everywhere(t, func(t *testing.T, b *bench) {
		b.fill(testEvents)
		all := rawPartitions * len(b.cfg.Topics)
		share := func(what string, ins ...*instance) {
			b.until(what, func() bool {
				least, sum := all, 0
				for _, in := range ins {
					least, sum = min(least, in.owns()), sum+in.owns()
				}
				return least > 0 && sum == all
			})
		}
		first := b.start(nil)
		b.ready(first)
		share("the first instance has everything", first)
		second := b.start(nil)
		b.ready(second)
		share("two instances share", first, second)
		third := b.start(nil)
		b.ready(third)
		share("three instances share", first, second, third)
		first.stop(t)
		share("two of them are left", second, third)
		second.kill()
		<-second.closed
		share("the third has taken over", third)
		third.stop(t)
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("(-calm +got):\n%s", d)
		}
	})
}

// answerCommit is a broker's answer to a commit, the same for every partition.
func answerCommit(req kmsg.Request, code int16) kmsg.Response {
	r := req.(*kmsg.OffsetCommitRequest)
	resp := r.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, rt := range r.Topics {
		st := kmsg.NewOffsetCommitResponseTopic()
		st.Topic, st.TopicID = rt.Topic, rt.TopicID
		for _, rp := range rt.Partitions {
			sp := kmsg.NewOffsetCommitResponseTopicPartition()
			sp.Partition, sp.ErrorCode = rp.Partition, code
			st.Partitions = append(st.Partitions, sp)
		}
		resp.Topics = append(resp.Topics, st)
	}
	return resp
}
