package pipeline

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// guardsEnv, if set, is for trying what happens without each guard: make guards.
const guardsEnv = "WHENCE_GUARDS"

// A guard is a piece of code that keeps delivery what it is: nothing lost, nothing
// twice, nothing wrong. It has no switch: it is cut out of the source, in a copy that
// only the compiler sees, and the test that is named must fail then. Those of the
// algorithm are in correlate: see TestSimulationCanFail.
type guard struct {
	name    string
	file    string // from the root
	old     string // occurs once in it
	without string
	tests   string // of the package the file is in, unless pkg says otherwise
	pkg     string
}

var guards = []guard{
	{
		name: "commit only what is stored", file: "pipeline/progress.go",
		old: "if n := len(l.flights); n > 0 {", without: "if n := len(l.flights); n > len(l.flights) {",
		tests: "TestNothingIsCommittedBeforeItIsStored",
	},
	{
		name: "bookmarks of parked chains", file: "pipeline/progress.go",
		old: "done.bookmarks = l.window.Offsets()", without: "done.bookmarks = nil",
		tests: "TestParkedChainsSurviveAStop",
	},
	{
		name: "commits wait at the first bookmark that does not fit", file: "pipeline/place.go",
		old: "b, offset = b[:before], m", without: "b = b[:before]",
		tests: "TestMoreParkedThanFit|TestManyBookmarks",
	},
	{
		name: "places of a topic that is shorter are not believed", file: "pipeline/assign.go",
		old: "if l.end >= 0 && from.head > l.end {", without: "if false {",
		tests: "TestCommitBeyondTheEnd",
	},
	{
		name: "a partition that comes back is not paused any more", file: "pipeline/assign.go",
		old: "client.ResumeFetchPartitions(parts)", without: "",
		tests: "TestPausedPartitionThatComesBack",
	},
	{
		name: "bookmarks that retention took are given up", file: "pipeline/assign.go",
		old: "from = from.since(l.begin)", without: "_ = from.since(l.begin)",
		tests: "TestBookmarksThatRetentionTook",
	},
	{
		name: "a lane catches up with the facts before its first record", file: "pipeline/lane.go",
		old: "if err = l.table.Sync(ctx); err != nil {", without: "if err != nil {",
		tests: "TestANewOwnerKnowsWhatTheFormerKnew",
	},
	{
		name: "facts are published before chains are walked with them", file: "pipeline/step.go",
		old: "if err := l.bind(ctx); err != nil {", without: "if err := error(nil); err != nil {",
		tests: "TestParkedChainsSurviveAStop",
	},
	{
		name: "what a sink refuses is not passed over", file: "pipeline/flight.go",
		old: "if f.err != nil {", without: "if false {",
		tests: "TestSinkRefusesForGood",
	},
	{
		name: "marks of an older generation do not count", file: "pipeline/assign.go",
		old: "l.speakFor(generation)", without: "_ = l",
		tests: "TestSleeperThatIsNeededAgain",
	},
	{
		name: "a raised voice is accepted by the group first", file: "pipeline/voice.go",
		old: "return commitError(resp, err)", without: "_, _ = resp, err; return nil",
		tests: "TestVoiceOfOneThatSlept",
	},
	{
		name: "a new owner speaks for its partition at once", file: "pipeline/upkeep.go",
		old: "if ok && last.Generation == r.Generation && !r.Time.After(last.Time)", without: "if r.Time.IsZero() || ok && !r.Time.After(last.Time)",
		tests: "TestFirstMarkSilencesTheFormerOwner",
	},
	{
		name: "a lane that is held back is not idle", file: "pipeline/progress.go",
		old: "len(l.flights) > 0 || len(l.queue) > 0 || l.paused ||", without: "",
		tests: "TestPartitionThatIsHeldBack|TestOnlyTheIdleCountTimeIdle",
	},
	{
		name: "idle time counts from the last event, not from now", file: "pipeline/progress.go",
		old: "mark := l.place.seen.Add(waited)", without: "mark := now",
		tests: "TestIdleLane",
	},
	{
		name: "timestamps in the future move no mark", file: "pipeline/progress.go",
		old: "if now := l.clock.Now(); seen.After(now) {", without: "if now := l.clock.Now(); seen.After(now) && now.IsZero() {",
		tests: "TestFutureTimestamp",
	},
	{
		name: "a lane that was told of too many keys looks at all chains", file: "pipeline/queue.go",
		old: "l.wakeAll = true", without: "",
		tests: "TestMoreKeysThanALaneRemembers",
	},
	{
		name: "repair waits for rows that were walked without the fact", file: "pipeline/repairing.go",
		old: "for r.clock.Known(p) < next {", without: "for r.clock.Known(p) < 0 && next < 0 {",
		tests: "TestRepairWaitsForRowsUnderWay",
	},
	{
		name: "repair reads the facts to their end before it walks", file: "pipeline/repairing.go",
		old: "if err := r.table.Sync(ctx); err != nil {", without: "if err := error(nil); err != nil {",
		tests: "TestRepairKnowsWhatItRepairsAfter",
	},
	{
		name: "repair commits only what it has written", file: "pipeline/repairing.go",
		old:     "if err := r.named(ctx, b.keys, &done); err != nil {\n\t\t\treturn err\n\t\t}",
		without: "if err := r.commit(ctx, b); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := r.named(ctx, b.keys, &done); err != nil {\n\t\t\treturn err\n\t\t}",
		tests:   "TestAnnouncedIsWhatIsStored",
	},
	{
		name: "repair settles what full windows let go", file: "pipeline/repairing.go",
		old: "if !before.IsZero() {", without: "if false {",
		tests: "TestRepairOfWhatWasLetGo",
	},
	{
		name: "alerts are judged again when their chain has changed", file: "pipeline/repairing.go",
		old: "if err := r.staleAlerts(ctx, &done); err != nil {", without: "if err := error(nil); err != nil {",
		tests: "TestAnnouncedIsWhatIsStored",
	},
	{
		name: "repair stores its chains last", file: "pipeline/repair_write.go",
		old: "if r.announce != nil && out.Len() > 0 {", without: "if err := r.sink.Write(ctx, out); err != nil {\n\t\treturn err\n\t}\n\tif r.announce != nil && out.Len() > 0 {",
		tests: "TestAnnouncedIsWhatIsStored",
	},
	{
		name: "alerts are announced when they are stored", file: "sinks/fan.go",
		old: "after = w.write(store, &alerts, after)", without: "w.write(store, &alerts, after)",
		tests: "TestAnnouncedIsWhatIsStored", pkg: "./pipeline",
	},
	{
		name: "chains are stored when they are announced", file: "sinks/fan.go",
		old: "w.write(store, &rest, after)", without: "w.write(store, &rest, nil)",
		tests: "TestSleeperAnnouncesWhatItStores", pkg: "./pipeline",
	},
	{
		name: "ClickHouse sends nothing before it may", file: "sinks/clickhouse.go",
		old: "if err := first(ctx); err != nil {", without: "if err := error(nil); err != nil {",
		tests: "TestFanInTurn",
	},
	{
		name: "Kafka sends nothing before it may", file: "sinks/kafka.go",
		old: "if err := first(ctx); err != nil {", without: "if err := error(nil); err != nil {",
		tests: "TestFanInTurn",
	},
	{
		name: "the highest version of a row is kept", file: "sinks/schema_words.go",
		old: "ReplacingMergeTree(\" + version + \")", without: "ReplacingMergeTree(\" + \")",
		tests: "TestContract/clickhouse",
	},
	{
		name: "the ledger's entries are stored before their rows", file: "sinks/insert.go",
		old:     "if err := insertInOrder(ctx, c, &c.entries, loads, func(l *load) *block { return &l.entries }); err != nil {",
		without: "if err := error(nil); err != nil {",
		tests:   "TestInsertOrder|TestLedgerIntact",
	},
	{
		name: "a lane's place in the ledger is committed with its offset", file: "pipeline/progress.go",
		old: "ledger: l.head(), ", without: "",
		tests: "TestLedgerAtTheEndOfALane|TestLedgerOfCrashes",
	},
}

// TestGuards cuts out each guard in turn. It takes minutes, because each is a build
// of its own; that each can be found is always checked.
func TestGuards(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range slices.Concat(guards, notifyGuards) {
		t.Run(g.name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(root, g.file))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), g.old); n != 1 {
				t.Fatalf("%q occurs %d times in %s; want once", g.old, n, g.file)
			}
			if os.Getenv(guardsEnv) == "" {
				return
			}
			mutant := filepath.Join(t.TempDir(), filepath.Base(g.file))
			if err := os.WriteFile(mutant, []byte(strings.Replace(string(source), g.old, g.without, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if said, noticed := g.try(t, root, mutant); !noticed {
				t.Errorf("nothing went wrong without it: %s\n%s", g.tests, said)
			}
		})
	}
}

// try runs the tests of a guard with its file replaced, and reports whether one failed.
func (g guard) try(t *testing.T, root, mutant string) (said string, noticed bool) {
	t.Helper()
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, g.file): mutant}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	pkg := g.pkg
	if pkg == "" {
		pkg = "./" + filepath.Dir(g.file)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-tags", "synctests", "-overlay", file, "-vet=off", "-failfast", "-timeout", (2 * time.Minute).String(),
		"-run", "^("+strings.ReplaceAll(g.tests, "/", ")$/^(")+")$", pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), guardsEnv+"=", integrationEnv+"=")
	out, err := cmd.CombinedOutput()
	said = string(out[max(0, len(out)-2000):])
	if err == nil {
		return said, false
	}
	if strings.Contains(said, "[build failed]") || strings.Contains(said, "[setup failed]") {
		t.Fatalf("without it nothing builds:\n%s", said)
	}
	return said, true
}
