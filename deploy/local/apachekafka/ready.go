package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// poll is how often a starting node is asked whether it is there; it takes two
	// seconds or so.
	poll = 50 * time.Millisecond
	// askLimit bounds one question.
	askLimit = 5 * time.Second
)

// InSync waits until every partition has all its copies again, those of Kafka's
// own topics too: another node may be lost then.
func (c *Cluster) InSync(ctx context.Context) error {
	// The client would answer out of its memory for five seconds.
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs()...), kgo.MetadataMinAge(poll))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	return await(ctx, nil, func(ctx context.Context) error {
		topics, err := admin.ListTopicsWithInternal(ctx)
		if err != nil {
			return err
		}
		for _, t := range topics {
			for _, p := range t.Partitions {
				if p.Err != nil || len(p.ISR) < len(p.Replicas) || p.Leader < 0 {
					return fmt.Errorf("%s/%d is led by %d and in sync on %v of %v", t.Topic, p.Partition, p.Leader, p.ISR, p.Replicas)
				}
			}
		}
		return nil
	})
}

// ready waits until the node answers, belongs to our cluster and not to another
// that has its port, and knows of so many members, itself among them.
func (n *Node) ready(ctx context.Context, members int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(n.addr))
	if err != nil {
		return err
	}
	defer client.Close()
	err = await(ctx, n.process.done, func(ctx context.Context) error {
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = []kmsg.MetadataRequestTopic{} // none, where nil would be all
		resp, err := client.SeedBrokers()[0].Request(ctx, req)
		if err != nil {
			return err
		}
		m := resp.(*kmsg.MetadataResponse)
		if m.ClusterID == nil || *m.ClusterID != n.cluster.id {
			return errors.New("another Kafka answers on its port")
		}
		for _, b := range m.Brokers {
			if int(b.NodeID) == n.id && len(m.Brokers) >= members && m.ControllerID >= 0 {
				return nil
			}
		}
		return fmt.Errorf("it knows of %d members, and %d are wanted", len(m.Brokers), members)
	})
	switch {
	case errors.Is(err, errEnded):
		return fmt.Errorf("it ended before it was ready: %w: %s", n.process.err, n.tail())
	case err != nil:
		return fmt.Errorf("%w; it says: %s", err, n.tail())
	}
	return nil
}

var errEnded = errors.New("the process ended")

// await asks until the answer is nil, ctx is done, or ended is closed.
func await(ctx context.Context, ended <-chan struct{}, ask func(ctx context.Context) error) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, askLimit)
		err := ask(once)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("it is not ready yet: %w", context.Cause(ctx)), err)
		case <-tick.C:
		}
	}
}
