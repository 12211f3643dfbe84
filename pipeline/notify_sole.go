package pipeline

import (
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// sole gives all partitions to one member: the one that had them, as long as it is there.
// A member that gave its partitions back to be dealt out again has none to show, so it
// says of itself that it had them.
type sole struct{ had *atomic.Bool }

func (sole) ProtocolName() string { return "whence-sole" }
func (sole) IsCooperative() bool  { return false }

// JoinGroupMetadata says whether the member has had the partitions until now.
func (s sole) JoinGroupMetadata(topics []string, _ map[string][]int32, generation int32) []byte {
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics, m.Generation = 3, topics, generation
	if s.had.Load() {
		m.UserData = []byte{1}
	}
	return m.AppendTo(nil)
}

func (s sole) ParseSyncAssignment(b []byte) (map[string][]int32, error) {
	parts, err := kgo.ParseConsumerSyncAssignment(b)
	s.had.Store(len(parts) > 0)
	return parts, err
}

func (s sole) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	b, err := kgo.NewConsumerBalancer(s, members)
	return b, b.MemberTopics(), err
}

func (sole) Balance(b *kgo.ConsumerBalancer, topics map[string]int32) kgo.IntoSyncAssignment {
	plan := b.NewPlan()
	chosen, since := 0, int32(-2) // a member that comes back after it was thrown out has -1
	for i := range b.Members() {
		_, meta := b.MemberAt(i)
		if len(meta.UserData) > 0 && meta.Generation > since { // of two the one that had them last
			chosen, since = i, meta.Generation
		}
	}
	member, _ := b.MemberAt(chosen)
	for topic, n := range topics {
		for p := range n {
			plan.AddPartition(member, topic, p)
		}
	}
	return plan
}
