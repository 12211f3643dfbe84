package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/rules/notice"
)

// noticeKey is under which the notices topic keeps what a receiver was told of an alert.
func (n *Notifier) noticeKey(alert string) []byte { return []byte(n.receiver.Name() + "/" + alert) }

// restore reads what was told.
func (n *Notifier) restore(ctx context.Context, desk *notice.Desk) error {
	admin := kadm.NewClient(n.client)
	starts, err := admin.ListStartOffsets(ctx, n.cfg.Notices)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("list the starts of the notices topic: %w", err)
	}
	ends, err := admin.ListEndOffsets(ctx, n.cfg.Notices)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list the ends of the notices topic: %w", err)
	}
	from, until := map[tp]int64{}, map[tp]int64{}
	starts.Each(func(o kadm.ListedOffset) { from[tp{o.Topic, o.Partition}] = o.Offset })
	ends.Each(func(o kadm.ListedOffset) { until[tp{o.Topic, o.Partition}] = o.Offset })
	last := map[string]*notice.Entry{} // nil for one that was taken away
	err = readSpan(ctx, n.kafka, admin, from, until, func(rec *kgo.Record) error {
		alert, ours := strings.CutPrefix(string(rec.Key), n.receiver.Name()+"/")
		if !ours {
			return nil
		}
		if len(rec.Value) == 0 {
			last[alert] = nil
			return nil
		}
		e := new(notice.Entry)
		if json.Unmarshal(rec.Value, e) == nil && e.Alert.ID.String() == alert {
			if old := last[alert]; old == nil || e.Alert.Version >= old.Alert.Version {
				last[alert] = e
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what was told: %w", err)
	}
	for _, e := range last {
		if e != nil {
			desk.Restore(*e)
		}
	}
	return nil
}

// note notes what has changed on the desk, and returns when all in-sync replicas have it.
func (n *Notifier) note(ctx context.Context, desk *notice.Desk) error {
	changed, gone := desk.Changed()
	var records []*kgo.Record
	for i := range changed {
		e := &changed[i]
		b, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode what was told of alert %s: %w", e.Alert.ID, err)
		}
		records = append(records, &kgo.Record{Topic: n.cfg.Notices, Key: n.noticeKey(e.Alert.ID.String()), Value: b})
	}
	for _, id := range gone {
		records = append(records, &kgo.Record{Topic: n.cfg.Notices, Key: n.noticeKey(id.String())})
	}
	if len(records) == 0 {
		return nil
	}
	if err := n.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	return nil
}

// commit commits where the notifier is, as repair does: by a request of its own, which the
// client's commits are not, as those wait for a join that is under way. One that is refused
// is another's place by now, who does the same again under the same keys.
func (n *Notifier) commit(ctx context.Context, next map[int32]kgo.EpochOffset) error {
	if len(next) == 0 {
		return nil
	}
	topics, err := kadm.NewClient(n.client).ListTopics(ctx, n.cfg.Alerts)
	if err != nil {
		return fmt.Errorf("commit what was told: %w", err)
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = n.group()
	req.MemberID, req.Generation = n.client.GroupMetadata()
	if req.Generation < 0 {
		return nil
	}
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = n.cfg.Alerts, topics[n.cfg.Alerts].ID
	for p, at := range next {
		part := kmsg.NewOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch = p, at.Offset, at.Epoch
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = append(req.Topics, topic)
	if _, err := req.RequestWith(ctx, n.client); err != nil {
		return fmt.Errorf("commit what was told: %w", err)
	}
	return nil
}

// foreign reports whether a commit was refused because the group has members.
func foreign(err error) bool {
	return errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.RebalanceInProgress)
}
