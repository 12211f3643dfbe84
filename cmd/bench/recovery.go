package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate/index"
	"whence/sources"
)

// recoverArg as the first argument makes this program an instance that starts: it
// reads the session topics into a store until it knows all of them, and ends.
const recoverArg = "__recover"

// follow has it go on reading; once has it end.
const (
	follow = "follow"
	once   = "once"
)

// A recovery is what a start came to.
type recovery struct {
	Store   float64 // seconds until the store is open
	Table   float64 // seconds after that until the table is
	CatchUp float64 // seconds after that until every fact can be looked up
	CPU     float64 // seconds of it until then
	Close   float64 // seconds after that
	Applied uint64  // facts
	InHot   int     // keys in the exact table
	Sifted  uint64  // 1 if all rows had to be read for their keys
	RSS     int64   // the most memory it had
}

// recoverTable starts with the broker, the group and the folder of the store that its
// arguments say, and prints the recovery as JSON. If the fourth says follow it goes on
// reading: for each line that it is told it prints one when it knows all there is, and
// is to be killed. It writes a CPU profile to the file that the fifth says, if any.
func recoverTable(ctx context.Context, args []string) error {
	debug.SetGCPercent(20) // whence lets its heap grow by 192 MiB, which is about that of ten million sessions
	src, err := cloudtrail()
	if err != nil {
		return err
	}
	if len(args) > 4 {
		f, err := os.Create(args[4])
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var r recovery
	began := time.Now()
	lap := func(s *float64) {
		now := time.Now()
		*s, began = now.Sub(began).Seconds(), now
	}
	store, err := index.OpenPebble(args[2], 64<<20)
	if err != nil {
		return err
	}
	lap(&r.Store)
	cfg := index.Default()
	cfg.SessionsTopic, cfg.RegistryTopic = args[1]+".sessions", args[1]+".registry"
	table, err := index.Open(ctx, cfg, []kgo.Opt{kgo.SeedBrokers(args[0])}, store, sources.Kinds(src), quiet)
	if err != nil {
		return err
	}
	lap(&r.Table)
	if err := table.CatchUp(ctx); err != nil {
		return errors.Join(err, table.Close())
	}
	lap(&r.CatchUp)
	r.CPU = ownCPU().Seconds()
	s := table.Stats()
	r.Applied, r.InHot, r.Sifted = s.Applied, s.HotEntries, s.Sifted
	if args[3] == follow {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
		return followTold(ctx, table)
	}
	if err := table.Close(); err != nil {
		return err
	}
	lap(&r.Close)
	if r.RSS, err = peakRSSOf(os.Getpid()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// followTold follows the topics and, for each line that it is told, prints one once it
// knows what there is.
func followTold(ctx context.Context, table *index.Table) error {
	ended := make(chan error, 1)
	go func() { ended <- table.Run(ctx, nil) }()
	for told := bufio.NewScanner(os.Stdin); told.Scan(); {
		if err := table.Sync(ctx); err != nil {
			return err
		}
		fmt.Println("known")
	}
	return errors.Join(table.Close(), <-ended)
}

// recoveries measures how long an instance takes to know all sessions: with an empty
// disk, again with the store that it left there, and with what is left there by one that
// was killed when it had read some more.
func recoveries(ctx context.Context, o options, r *report) (err error) {
	l := &lab{options: o}
	if l.dir, err = os.MkdirTemp(o.dir, "lab-"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = l.fail(err)
		} else {
			err = l.close()
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l.kafka, l.broker, err = spawnServer(exec.Command(self, brokerArg), filepath.Join(l.dir, "kafka.log")) //nolint:noctx // it is stopped in order
	if err != nil {
		return err
	}
	if l.topic, err = openTopic(ctx, l.broker, rawTopic, 1); err != nil {
		return err
	}
	l.estate = newEstate(l.sessions, l.depth, 0, 0, time.Now().UTC().Add(-24*time.Hour))
	if err := l.teach(ctx); err != nil {
		return err
	}
	o.say("the topics hold %d sessions", l.sessions)
	for _, what := range []string{"empty", "warm"} {
		if err := l.recover(ctx, r, what, self); err != nil {
			return fmt.Errorf("recover with a disk that is %s: %w", what, err)
		}
	}
	if err := l.killed(ctx, self); err != nil {
		return fmt.Errorf("kill one that follows: %w", err)
	}
	return l.recover(ctx, r, "killed", self)
}

// killed starts an instance, has it read what a fiftieth more sessions say, and kills it.
func (l *lab) killed(ctx context.Context, self string) error {
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	cmd := exec.CommandContext(ctx, self, recoverArg, l.broker, group, filepath.Join(l.dir, "recovered"), follow)
	cmd.Stderr = os.Stderr
	tell, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	told := bufio.NewScanner(out)
	err = func() error {
		if !told.Scan() {
			return fmt.Errorf("it said nothing: %w", told.Err())
		}
		more := newEstate(max(1000, l.sessions/50), l.depth, 0, 0, time.Now().UTC())
		more.seed++
		if err := l.tell(ctx, more); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(tell); err != nil {
			return err
		}
		if !told.Scan() {
			return fmt.Errorf("it did not come to the end: %w", told.Err())
		}
		return nil
	}()
	kill()
	_ = cmd.Wait() // which says that it was killed
	return err
}

func (l *lab) recover(ctx context.Context, r *report, what, self string) error {
	args := []string{recoverArg, l.broker, group, filepath.Join(l.dir, "recovered"), once}
	if l.cpuprofile != "" {
		args = append(args, l.cpuprofile+"."+what)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	broker, err := l.kafka.cpu()
	if err != nil {
		return err
	}
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	after, err := l.kafka.cpu()
	if err != nil {
		return err
	}
	var got recovery
	if err := json.Unmarshal(out, &got); err != nil {
		return err
	}
	all := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	name := fmt.Sprintf("recovery.%s.%d", what, l.sessions)
	r.add(name+".seconds", got.Store+got.Table+got.CatchUp, "until all is known; closing took %.1f", got.Close)
	r.add(name+".cpu_s", got.CPU, "until then; %.1f with what is compacted while it closes; the broker had %.1f", all, (after - broker).Seconds())
	r.add(name+".rss_mib", float64(got.RSS)/(1<<20), "most memory")
	r.add(name+".facts", float64(got.Applied), "applied; %d keys are in the exact table; rows read for their keys: %d", got.InHot, got.Sifted)
	l.say("%s: open store %.2f s and table %.2f s, catch up %.2f s, close %.2f s, %.1f s of CPU, %.0f MiB", what, got.Store, got.Table, got.CatchUp, got.Close, got.CPU, float64(got.RSS)/(1<<20))
	return nil
}
