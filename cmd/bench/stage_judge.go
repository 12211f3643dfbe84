package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"whence/correlate"
	"whence/rules"
)

// mostRules is how many rules the index is compared with the naive loop at.
const mostRules = 500

// judgeStages judge with few and with many rules, and with the many in a loop that
// asks one after the other, as whoever has no index does.
func (w *workshop) judgeStages(chains []correlate.Chain) (all []stage, err error) {
	for _, n := range []int{50, mostRules} {
		dir := filepath.Join(w.dir, fmt.Sprintf("rules-%d", n))
		if err := writeRules(dir, n); err != nil {
			return nil, err
		}
		own, err := rules.Load(os.DirFS(dir))
		if err != nil {
			return nil, err
		}
		set, err := rules.Join(rules.Library(), own)
		if err != nil {
			return nil, err
		}
		all = append(all, judgeStage(fmt.Sprintf("judge.rules_%d", n), "the library among them", chains, set))
		if n != mostRules {
			continue
		}
		alone, err := w.alone(rules.LibraryFS(), os.DirFS(dir))
		if err != nil {
			return nil, err
		}
		all = append(all, judgeStage(fmt.Sprintf("judge.naive_%d", n), "the same rules, asked one after the other", chains, alone...))
	}
	return all, nil
}

// judgeStage asks the sets about every chain, one set after the other.
func judgeStage(name, note string, chains []correlate.Chain, sets ...*rules.Set) stage {
	judges := make([]*rules.Judge, len(sets))
	for i, s := range sets {
		judges[i] = s.NewJudge()
	}
	var alerts []correlate.Alert
	return stage{name, note, func(_ context.Context, m *meter) error {
		return m.time(len(chains), func() error {
			for i := range chains {
				alerts = alerts[:0]
				for _, j := range judges {
					alerts = j.Judge(nil, &chains[i], alerts)
				}
			}
			return nil
		})
	}}
}

// alone makes a set of each rule in the files of several folders. A set of one has no
// index: only more rules than one about the same thing make it worthwhile.
func (w *workshop) alone(folders ...fs.FS) (sets []*rules.Set, err error) {
	for _, folder := range folders {
		names, err := fs.Glob(folder, "*.yaml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, err
			}
			dir := filepath.Join(w.dir, "rule-"+name)
			if err := os.Mkdir(dir, 0o755); err != nil {
				return nil, err
			}
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return nil, err
			}
			set, err := rules.Load(os.DirFS(dir))
			if err != nil {
				return nil, err
			}
			sets = append(sets, set)
		}
	}
	return sets, nil
}

// naiveRatio compares the loop with the index, in each round.
func (r *report) naiveRatio(rounds map[string][]cost) {
	indexed, naive := rounds[fmt.Sprintf("judge.rules_%d", mostRules)], rounds[fmt.Sprintf("judge.naive_%d", mostRules)]
	if len(naive) > 0 {
		r.add(fmt.Sprintf("judge.rules_%d.naive_ratio", mostRules), medianRatio(naive, indexed), "CPU of the loop over that of the index")
	}
}
