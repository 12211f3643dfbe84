package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// prototypeTable is what -fullpath writes to: thirty columns of a flat chain.
const prototypeTable = `CREATE TABLE IF NOT EXISTS default.chain (ts DateTime64(3), ingested DateTime64(3), event_id UUID, request_id String,
	source LowCardinality(String), event_source LowCardinality(String), event_name LowCardinality(String), region LowCardinality(String),
	account LowCardinality(String), event_type LowCardinality(String), error_code LowCardinality(String), read_only Bool, source_ip String,
	user_agent LowCardinality(String), actor String, actor_type LowCardinality(String), actor_idp LowCardinality(String), root_session String,
	access_key String, principal_arn String, role_arn LowCardinality(String), depth UInt8, chain_roles Array(LowCardinality(String)),
	chain_sessions Array(String), chain_ts Array(DateTime64(3)), confidence Float32, is_agent Bool, model_id LowCardinality(String),
	rule_ids Array(UInt32), labels Map(LowCardinality(String), String)) ENGINE = MergeTree ORDER BY (event_source, event_name, ts)`

var cpuNS = regexp.MustCompile(`\bcpu_ns=(\d+)`)

// prototype runs the external program over the n events in the topic, and inserts as
// many of its rows barely. They go to a table that is like none of whence's. Left to
// itself it compresses its inserts; where whence does not, it is asked that of it too.
func (l *lab) prototype(ctx context.Context, n, rows int, f *floors) (err error) {
	if _, err := l.server.do(ctx, prototypeTable); err != nil {
		return err
	}
	if f.given, err = l.askPrototype(ctx, n); err != nil {
		return err
	}
	f.fullpath = f.given
	if l.options.compress != "lz4" {
		if f.fullpath, err = l.askPrototype(ctx, n, "-compress", l.options.compress); err != nil {
			return err
		}
	}
	if l.flat == nil {
		// It writes all of its columns, whether anything is in them or not.
		if l.flat, err = newInserter(ctx, l.server, "default", "chain", false, l.options.compress); err != nil {
			return fmt.Errorf("the floor of the prototype's insert: %w", err)
		}
	}
	if f.flat, err = l.flat.cost(ctx, rows, l.server); err != nil {
		return err
	}
	_, err = l.server.do(ctx, "TRUNCATE TABLE default.chain")
	return err
}

// askPrototype runs it over n events and returns what it says it took for each. The rows
// of this run stay.
func (l *lab) askPrototype(ctx context.Context, n int, args ...string) (time.Duration, error) {
	if _, err := l.server.do(ctx, "TRUNCATE TABLE default.chain"); err != nil {
		return 0, err
	}
	args = append([]string{"-brokers", l.broker, "-ch", l.server.Addr(), "-index", "100000", "-sink", "chain", "-n", strconv.Itoa(n)}, args...)
	out, err := exec.CommandContext(ctx, l.options.fullpath, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", l.options.fullpath, err, out)
	}
	m := cpuNS.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s does not say cpu_ns=: %s", l.options.fullpath, out)
	}
	ns, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0, err
	}
	return time.Duration(ns), nil
}
