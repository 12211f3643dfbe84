package pipeline

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// sole gives all partitions to one member: the one that had them, as long as it is there.
type sole struct{}

func (sole) ProtocolName() string { return "whence-sole" }
func (sole) IsCooperative() bool  { return false }

// JoinGroupMetadata says which partitions the member has had until now.
func (sole) JoinGroupMetadata(topics []string, current map[string][]int32, generation int32) []byte {
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics, m.Generation = 3, topics, generation
	for _, topic := range slices.Sorted(keysOf(current)) {
		o := kmsg.NewConsumerMemberMetadataOwnedPartition()
		o.Topic, o.Partitions = topic, current[topic]
		m.OwnedPartitions = append(m.OwnedPartitions, o)
	}
	return m.AppendTo(nil)
}

func keysOf(m map[string][]int32) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (sole) ParseSyncAssignment(b []byte) (map[string][]int32, error) {
	return kgo.ParseConsumerSyncAssignment(b)
}

func (s sole) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	b, err := kgo.NewConsumerBalancer(s, members)
	return b, b.MemberTopics(), err
}

func (sole) Balance(b *kgo.ConsumerBalancer, topics map[string]int32) kgo.IntoSyncAssignment {
	plan := b.NewPlan()
	chosen, since := 0, int32(-1)
	for i := range b.Members() {
		_, meta := b.MemberAt(i)
		if len(meta.OwnedPartitions) > 0 && meta.Generation > since { // of two the one that had them last
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
