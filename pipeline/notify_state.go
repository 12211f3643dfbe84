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

// rewind has the client read from what was committed: what was heard since may not be
// noted, and the desk that heard it is gone.
func (n *Notifier) rewind(ctx context.Context) error {
	admin := kadm.NewClient(n.client)
	committed, err := fetchCommitted(ctx, admin, n.group())
	if err != nil {
		return err
	}
	starts, err := admin.ListStartOffsets(ctx, n.cfg.Alerts)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("list the starts of the alerts topic: %w", err)
	}
	at := map[int32]kgo.EpochOffset{}
	starts.Each(func(o kadm.ListedOffset) { at[o.Partition] = kgo.EpochOffset{Epoch: -1, Offset: o.Offset} })
	for p, o := range committed[n.cfg.Alerts] {
		if o.At > at[p].Offset {
			at[p] = kgo.EpochOffset{Epoch: o.LeaderEpoch, Offset: o.At}
		}
	}
	n.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{n.cfg.Alerts: at})
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
