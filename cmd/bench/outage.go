package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"whence/deploy/local/clickhouse"
)

// steadyFor is how long events come in before ClickHouse goes away, and after whence
// has caught up.
const steadyFor = 20 * time.Second

// caughtUp is how much of the events may be missing in ClickHouse when whence counts
// as having caught up: what comes in within that time.
const caughtUp = 3 * time.Second

// outage measures what it takes whence to get over a ClickHouse that is away for a
// while, as events go on coming in at a steady rate: what was lost, the memory, and
// how fast it catches up.
func outage(ctx context.Context, o options, r *report) error {
	// The lab's own is so long that a member who says nothing would not be missed.
	if err := os.Setenv("WHENCE_PIPELINE_SESSION_TIMEOUT", "45s"); err != nil {
		return err
	}
	l, err := openLab(ctx, o)
	if err != nil {
		return err
	}
	if err := l.outage(ctx, r); err != nil {
		return l.fail(err)
	}
	return l.close()
}

func (l *lab) outage(ctx context.Context, r *report) error {
	if err := l.empty(ctx); err != nil {
		return err
	}
	before, err := l.members(ctx)
	if err != nil {
		return err
	}
	p := l.pour(ctx, l.intake)
	err = l.outageUnder(ctx, p, r)
	sent, perr := p.stop()
	if err = errors.Join(err, perr); err != nil {
		return err
	}
	l.present = sent
	if err := l.written(ctx); err != nil {
		return err
	}
	found, err := l.found(ctx)
	if err != nil {
		return err
	}
	after, err := l.members(ctx)
	if err != nil {
		return err
	}
	peak, err := l.whence.peakRSS()
	if err != nil {
		return err
	}
	r.add("outage.sent", float64(sent), "events")
	r.add("outage.lost", float64(sent)-float64(found), "of them without a chain")
	r.add("outage.left_group", float64(oneIf(before != after)), "1 if the member of the group is another one after it")
	r.add("outage.rss_mib.peak", float64(peak)/(1<<20), "most memory whence has had")
	if sent != found {
		return fmt.Errorf("%d of %d events have no chain", sent-found, sent)
	}
	return nil
}

// outageUnder is the outage itself, while events come in.
func (l *lab) outageUnder(ctx context.Context, p *pouring, r *report) error {
	if err := sleep(ctx, steadyFor); err != nil {
		return err
	}
	steady, err := l.whence.rss()
	if err != nil {
		return err
	}
	l.say("%d events are sent, %.0f a second; whence has %d MiB; ClickHouse goes away for %s", p.sent.Load(), l.intake, steady>>20, l.away)
	ports, err := l.server.away()
	if err != nil {
		return err
	}
	most := steady
	for began := time.Now(); time.Since(began) < l.away; {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := l.whence.alive(); err != nil {
			return err
		}
		now, err := l.whence.rss()
		if err != nil {
			return err
		}
		most = max(most, now)
	}
	status, err := l.ask(ctx, "/status")
	if err != nil {
		return err
	}
	l.say("%d events are sent; whence has had %d MiB and says %s", p.sent.Load(), most>>20, strings.TrimSpace(string(status)))
	if l.server, err = startServerAt(ctx, ports); err != nil {
		return err
	}
	began, sentBefore := time.Now(), p.sent.Load()
	first, err := l.found(ctx)
	if err != nil {
		return err
	}
	backlog := int(sentBefore) - first
	l.say("ClickHouse is back; %d events are not there yet", backlog)
	took, last, err := l.catchUp(ctx, p)
	if err != nil {
		return err
	}
	intake := float64(p.sent.Load()-sentBefore) / time.Since(began).Seconds()
	rate := float64(last-first) / took.Seconds()
	r.add("outage.away_s", l.away.Seconds(), "ClickHouse was killed for so long")
	r.add("outage.intake_per_s", intake, "events that came in meanwhile")
	r.add("outage.backlog", float64(backlog), "events that were waiting when it was back")
	r.add("outage.catch_up_s", took.Seconds(), "until all but the last %s of them were there, from when ClickHouse answered", caughtUp)
	r.add("outage.catch_up_per_s", rate, "events written then, with broker and ClickHouse on the same machine")
	r.add("outage.catch_up_ratio", rate/intake, "of what came in")
	r.add("outage.rss_mib.before", float64(steady)/(1<<20), "memory of whence before it")
	r.add("outage.rss_mib.away", float64(most)/(1<<20), "most of it while ClickHouse was away")
	return sleep(ctx, steadyFor)
}

// catchUp waits until next to all that was sent is in ClickHouse, and returns how long
// that took and how many events are there.
func (l *lab) catchUp(ctx context.Context, p *pouring) (took time.Duration, there int, err error) {
	began, said := time.Now(), time.Now()
	for {
		if err := errors.Join(sleep(ctx, 200*time.Millisecond), l.whence.alive()); err != nil {
			return 0, 0, err
		}
		sent := int(p.sent.Load())
		if there, err = l.found(ctx); err != nil {
			return 0, 0, err
		}
		if float64(sent-there) <= l.intake*caughtUp.Seconds() {
			return time.Since(began), there, nil
		}
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			l.say("%d events are missing yet", sent-there)
		}
		if time.Since(began) > l.away+5*time.Minute {
			return 0, 0, l.whence.failed(fmt.Sprintf("misses %d of %d events %s after ClickHouse came back", sent-there, sent, time.Since(began)))
		}
	}
}

// found is how many of the records have a chain.
func (l *lab) found(ctx context.Context) (int, error) {
	rows, err := l.server.numbers(ctx, "SELECT uniqExact(evidence_partition, evidence_offset) FROM %s.chains WHERE %s", l.database, l.ofTheseRecords())
	if err != nil {
		return 0, err
	}
	return int(rows[0]), nil
}

// members are the ids of the members of whence's group.
func (l *lab) members(ctx context.Context) (string, error) {
	groups, err := l.topic.admin.DescribeGroups(ctx, l.called(group))
	if err == nil {
		err = groups.Error()
	}
	if err != nil {
		return "", fmt.Errorf("look at the group: %w", err)
	}
	var ids []string
	for _, m := range groups[l.called(group)].Members {
		ids = append(ids, m.MemberID)
	}
	return strings.Join(ids, " "), nil
}

// away kills the server, and says how to start it again where it was.
func (s *server) away() (clickhouse.Config, error) {
	cfg := clickhouse.Config{Dir: s.dir}
	var err error
	if cfg.TCPPort, err = portOf(s.Addr()); err != nil {
		return cfg, err
	}
	if cfg.HTTPPort, err = portOf(strings.TrimPrefix(s.HTTPURL(), "http://")); err != nil {
		return cfg, err
	}
	s.Kill()
	return cfg, nil
}

func portOf(addr string) (int, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// rss is the memory that the process has now, in bytes.
func (p *process) rss() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm has %d fields", p.cmd.Process.Pid, len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
