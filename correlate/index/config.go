package index

import (
	"errors"
	"fmt"
	"time"
)

// Config says where the facts live and how much of them is held in memory.
type Config struct {
	// SessionsTopic holds facts and marks (cleanup.policy=compact,delete).
	SessionsTopic string
	// RegistryTopic holds the facts that must not expire (cleanup.policy=compact).
	RegistryTopic string
	// Partitions and Replication are used only when the topics are created.
	// Replication -1 leaves it to the broker's default.
	Partitions  int32
	Replication int16
	// Retention is that of the sessions topic: the longest a session can last and
	// its parent before it, plus the lateness of the logs that tell of them. A
	// parent is as old as its life when it mints a child that lives as long again:
	// the default is twice the 35 days of a GitHub run, and some.
	Retention time.Duration
	// HotBytes bounds the exact table of the newest and the busiest sessions, of some
	// 120 bytes each; 0 turns it off. It takes only what the sessions need.
	HotBytes int64
	// OverflowBytes bounds what of the exact table goes to a file beside the local store
	// when there is no more memory for it, of some 160 bytes a session; 0 turns that off.
	OverflowBytes int64
	// CacheBytes bounds ristretto, which holds those of the older sessions that are asked
	// for again; 0 turns it off.
	CacheBytes int64
}

// Default is the configuration for a middle-sized estate.
func Default() Config {
	return Config{
		SessionsTopic: "whence.sessions",
		RegistryTopic: "whence.registry",
		Partitions:    8,
		Replication:   -1,
		Retention:     75 * 24 * time.Hour,
		HotBytes:      768 << 20,
		OverflowBytes: 4 << 30,
		CacheBytes:    32 << 20,
	}
}

// Validate reports everything that is wrong with c at once.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(c.SessionsTopic != "", "sessions topic: is empty")
	check(c.RegistryTopic != "", "registry topic: is empty")
	check(c.SessionsTopic == "" || c.SessionsTopic != c.RegistryTopic,
		"registry topic: is the sessions topic too (%s); what never expires needs a topic of its own", c.RegistryTopic)
	check(c.Partitions > 0, "partitions: %d; want at least 1", c.Partitions)
	check(c.Replication > 0 || c.Replication == -1, "replication: %d; want at least 1, or -1 for the broker's default", c.Replication)
	check(c.Retention >= time.Minute, "retention: %s; want the longest session plus the logs' lateness", c.Retention)
	check(c.HotBytes == 0 || c.HotBytes >= minHotBytes, "hot bytes: %d; want 0 (off) or at least %d", c.HotBytes, minHotBytes)
	check(c.OverflowBytes == 0 || c.OverflowBytes >= hotShards*chunkBytes, "overflow bytes: %d; want 0 (off) or at least %d", c.OverflowBytes, hotShards*chunkBytes)
	check(c.CacheBytes == 0 || c.CacheBytes >= minCacheBytes, "cache bytes: %d; want 0 (off) or at least %d", c.CacheBytes, minCacheBytes)
	return errors.Join(errs...)
}
