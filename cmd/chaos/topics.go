package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules"
)

// announced is what the topics of a side come to for a reader that keeps the highest
// version of each key.
type announced struct {
	chains map[correlate.ID]told
	alerts map[correlate.ID]openAlert
	wrong  int // records that contradict another, and alerts that are raised too early
	// absence are the rules that wait for a chain to settle.
	absence map[string]bool
}

// absences are the library's rules that wait for a chain to settle.
func absences() map[string]bool {
	out := map[string]bool{}
	for _, r := range rules.Library().Rules() {
		out[r.ID] = r.Settled && r.Over == nil
	}
	return out
}

// early reports whether an alert on absence is one that may not be: raised before its
// chain has settled, which its version tells, or under an id that is not that of its rule
// and chain, so that there could be two of them.
func (a *announced) early(al *correlate.Alert, known bool) bool {
	if !a.absence[al.Rule] {
		return false
	}
	settled := correlate.Order(al.Version)&1 == 1
	return al.ID != correlate.NewID("alert", al.Rule, al.ChainID.String()) || !known && al.State == correlate.AlertOpen && !settled
}

// told is a chain as a topic tells of it.
type told struct {
	version uint64
	content digest
}

// openAlert is what both a database and a topic say of an alert.
type openAlert struct {
	version uint64
	open    bool
	rule    string
	chain   correlate.ID
	reason  string
}

// announcements reads what a side announced, from begin to end.
func (t *trial) announcements(ctx context.Context, s *side) (*announced, error) {
	a := &announced{chains: map[correlate.ID]told{}, alerts: map[correlate.ID]openAlert{}, absence: absences()}
	records := 0
	err := t.everything(ctx, s.Name+".chains", func(value []byte) error {
		records++
		return a.addChain(value)
	})
	if err == nil {
		err = t.everything(ctx, s.Name+".alerts", a.addAlert)
	}
	if err != nil {
		return nil, err
	}
	t.say("%s: %d announcements tell of %d chains and %d alerts", s.Name, records, len(a.chains), len(a.alerts))
	return a, nil
}

// addChain takes in a record. Equal versions must have equal content.
func (a *announced) addChain(value []byte) error {
	id, version, content, err := core(value)
	if err != nil {
		return err
	}
	old, ok := a.chains[id]
	switch {
	case ok && version == old.version && content != old.content:
		a.wrong++
	case !ok || version > old.version:
		a.chains[id] = told{version, content}
	}
	return nil
}

// addAlert takes in a record. Those of an alert are in one partition, in the order in which
// they were written. An alert is of one chain, whatever becomes of it, and
// the same version of a chain cannot both open and close it.
func (a *announced) addAlert(value []byte) error {
	var al correlate.Alert
	if err := json.Unmarshal(value, &al); err != nil {
		return fmt.Errorf("read an alert: %w", err)
	}
	now := openAlert{al.Version, al.State == correlate.AlertOpen, al.Rule, al.ChainID, al.Reason}
	old, ok := a.alerts[al.ID]
	switch {
	case a.early(&al, ok):
		a.wrong++
	case ok && (old.chain != now.chain || old.rule != now.rule || old.version == now.version && old != now):
		a.wrong++
	case !ok || now.version > old.version:
		a.alerts[al.ID] = now
	}
	return nil
}

// everything reads a topic from its begin to where it ends now.
func (t *trial) everything(ctx context.Context, topic string, yield func(value []byte) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(t.addrs()...), kgo.ConsumeTopics(topic), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("find the end of %s: %w", topic, err)
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := errors.Join(ctx.Err(), fetches.Err()); err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if r.Attrs.IsControl() {
				continue
			}
			if err := yield(r.Value); err != nil {
				return fmt.Errorf("%s/%d at offset %d: %w", topic, r.Partition, r.Offset, err)
			}
		}
	}
	return nil
}
