package apachekafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// properties is the server.properties of a node.
func (c *Cluster) properties(n *Node) string {
	all := c.settings(n)
	maps.Copy(all, c.cfg.Settings)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s=%s\n", name, all[name])
	}
	return b.String()
}

// settings are those of a broker that is to be quick about everything: it serves a
// few clients on one machine, and tests wait for it.
func (c *Cluster) settings(n *Node) map[string]string {
	replicas := strconv.Itoa(min(3, len(c.nodes)))
	inSync := strconv.Itoa(max(1, min(3, len(c.nodes))-1))
	return map[string]string{
		"process.roles":                                    "broker,controller",
		"node.id":                                          strconv.Itoa(n.id),
		"log.dirs":                                         escaped(n.data()),
		"listeners":                                        "PLAINTEXT://" + n.addr + ",CONTROLLER://" + n.controller,
		"advertised.listeners":                             "PLAINTEXT://" + n.addr + ",CONTROLLER://" + n.controller,
		"controller.listener.names":                        "CONTROLLER",
		"listener.security.protocol.map":                   "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"controller.quorum.bootstrap.servers":              c.controllers(),
		"auto.create.topics.enable":                        "false",
		"message.max.bytes":                                strconv.Itoa(maxBatchBytes),
		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.num.partitions":             "4",
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,

		// Groups need not wait for members that might come, and tests that kill one
		// wait for its session to end.
		"group.initial.rebalance.delay.ms": "0",
		"group.min.session.timeout.ms":     "1000",
		// A broker that was killed is given up after this long: others lead, and it may
		// come back under its name.
		"broker.session.timeout.ms":    "2000",
		"broker.heartbeat.interval.ms": "400",
		// Compaction and retention within a second or two, where topics ask for it.
		"log.cleaner.backoff.ms":          "500",
		"log.cleaner.min.cleanable.ratio": "0.01",
		"log.retention.check.interval.ms": "1000",
		"log.segment.delete.delay.ms":     "1000",
		// All of it fits a small heap: the cleaner alone would take 128 MiB.
		"log.cleaner.dedupe.buffer.size": strconv.Itoa(16 << 20),
		"num.network.threads":            "2",
		"num.io.threads":                 "4",
		"background.threads":             "2",
	}
}

// maxBatchBytes is the largest batch that is taken: room for the largest raw record
// that is decoded, as the broker of package kafka has it.
const maxBatchBytes = 20 << 20

// escaped is a path as a properties file has it.
func escaped(path string) string { return strings.ReplaceAll(path, `\`, `\\`) }

// controllers are the addresses by which nodes find the quorum.
func (c *Cluster) controllers() string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, n.controller)
	}
	return strings.Join(addrs, ",")
}

// voters name the quorum as it is when the cluster is made.
func (c *Cluster) voters() string {
	var all []string
	for _, n := range c.nodes {
		all = append(all, fmt.Sprintf("%d@%s:%s", n.id, n.controller, n.directory))
	}
	return strings.Join(all, ",")
}
