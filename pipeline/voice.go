package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
	"whence/correlate/index"
)

// A lane has a voice: the generation that its marks are given. Of all marks of a
// partition those of the highest count. The voice is the group's generation where
// that is higher than whatever can be read in the sessions topic. Where it is not,
// Kafka has forgotten the group, or somebody has deleted it, and its generations have
// begun at 1 again: then the lane raises its voice above what can be read.
//
// A former owner must not be able to do the same: it would move time past records
// that the owner has yet to read. So who raises its voice
//
//	reads all marks there are; the highest voice is s
//	commits its place as it is, under its generation of the group
//	claims s+1, with a mark that says that nothing has been read
//	commits again, and only then says how far it has read.
//
// Let A be an owner, and B a later one, in a later generation or life of the group. B
// reads the marks when A can commit no more. If A's second commit was accepted, B
// reads A's claim, and its voice is higher. If only the first was, B reads all that A
// has read, and its voice is A's claim at the least; a mark that says nothing changes
// nothing among marks of one voice. If none was, A claims nothing.

// voices gives lanes their voice in the group's generation, if they lack it. Until
// then they go on with their former one, or say nothing.
func (g *group) voices(ctx context.Context, lanes []*lane) error {
	member, generation := g.client.GroupMetadata()
	lanes = slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return !l.lacksVoice(generation) })
	if len(lanes) == 0 {
		return nil
	}
	if err := g.table.Sync(ctx); err != nil {
		return fmt.Errorf("read the marks there are: %w", err)
	}
	var claims []index.Report
	louder := lanes[:0]
	for _, l := range lanes {
		heard := g.clock.Heard(l.topic.Name, l.partition)
		if heard < generation {
			l.speak(generation, generation)
			continue
		}
		louder = append(louder, l)
		claims = append(claims, index.Report{Mark: correlate.Mark{
			Group: g.cfg.Group, Topic: l.topic.Name, Partition: l.partition, Generation: heard + 1,
		}})
	}
	if len(louder) == 0 {
		return nil
	}
	err := g.claim(ctx, member, generation, louder, claims)
	if errors.Is(err, errFenced) {
		return nil // not ours any more, or about to be settled: the next round tells
	}
	if err != nil {
		return fmt.Errorf("raise the voice above marks of before: %w", err)
	}
	for i, l := range louder {
		l.speak(generation, claims[i].Generation)
	}
	g.log.Debug("the group's generations are lower than those of marks that are there; its lanes speak for higher ones",
		"group", g.cfg.Group, "generation", generation, "lanes", len(louder))
	return nil
}

// claim announces claims between two commits. It tells at what comes next.
func (g *group) claim(ctx context.Context, member string, generation int32, lanes []*lane, claims []index.Report) error {
	vouched := func() error { return g.vouched(ctx, member, generation, lanes) }
	for _, part := range []struct {
		before string
		do     func() error
	}{
		{"first commit", vouched},
		{"claim", func() error { return g.table.Announce(ctx, claims) }},
		{"second commit", vouched},
	} {
		if err := g.at(part.before); err != nil {
			return err
		}
		if err := part.do(); err != nil {
			return err
		}
	}
	return nil
}

// vouched returns nil if the coordinator has accepted the lanes' places under that
// generation. It makes a request of its own: the client would commit under whatever
// generation it has come to, and first wait for a join that is under way.
func (g *group) vouched(ctx context.Context, member string, generation int32, lanes []*lane) error {
	ids, err := g.admin.ListTopics(ctx, topicNames(g.cfg)...)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation = g.cfg.Group, member, generation
	at := map[string]int{}
	for _, l := range lanes {
		i, ok := at[l.topic.Name]
		if !ok {
			i = len(req.Topics)
			at[l.topic.Name] = i
			topic := kmsg.NewOffsetCommitRequestTopic()
			topic.Topic, topic.TopicID = l.topic.Name, ids[l.topic.Name].ID
			req.Topics = append(req.Topics, topic)
		}
		p, _ := l.progress()
		offset, text := p.encode()
		part := kmsg.NewOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset, part.Metadata = l.partition, offset, &text
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, part)
	}
	resp, err := req.RequestWith(ctx, g.client)
	return commitError(resp, err)
}

// lacksVoice reports whether the lane, of that generation, has yet to get its voice
// for it. One that does not know its place yet cannot commit it.
func (l *lane) lacksVoice(generation int32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.placed && l.generation == generation && l.voiced != generation
}

// speak gives the lane its voice in a generation of the group.
func (l *lane) speak(generation, voice int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.voiced, l.voice = generation, voice
}
