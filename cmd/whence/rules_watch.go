package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"whence/rules"
)

// A rulesWatch keeps the rules that are in use, and reads them again when a file in
// their folders has changed: rules and the lists they look into are replaced together.
// Rules that are wrong, or whose tests fail, are refused as a whole.
type rulesWatch struct {
	settings rulesSettings
	metrics  *rulesMetrics
	latest   latest[*rules.Set]
	lookout  lookout
	apply    func(*rules.Set)

	// Of the goroutine that looks.
	read [32]byte // the files that were read last, good or not
	good [32]byte // those in use
}

// watchRules reads the rules that s names for the first time: what is wrong with them
// then is an error of configuration.
func watchRules(s rulesSettings, log *slog.Logger) (*rulesWatch, error) {
	w := &rulesWatch{
		settings: s, metrics: newRulesMetrics(),
		latest: latest[*rules.Set]{wrong: "the rules have changed and are wrong; those in use stay", log: log, now: time.Now},
	}
	w.lookout = lookout{look: w.look, reload: w.reload}
	w.lookout.begin()
	w.good = w.sum()
	w.read = w.good
	set, err := loadRules(s)
	if err != nil {
		return nil, wrong(err)
	}
	w.use(set)
	return w, nil
}

// registered has metrics tell of the rules.
func (w *rulesWatch) registered(metrics prometheus.Registerer) *rulesWatch {
	w.metrics.register(metrics)
	return w
}

// start looks after the rules until ctx is done or the returned function is called,
// which waits, and gives those that replace the ones before to apply. SIGHUP has them
// read at once.
func (w *rulesWatch) start(ctx context.Context, apply func(*rules.Set)) (stop func()) {
	if len(w.settings.Dir)+len(w.settings.Sigma) == 0 {
		return func() {} // what comes with whence does not change
	}
	return onHangup(ctx, func(ctx context.Context, hangup <-chan os.Signal) { w.run(ctx, hangup, apply) })
}

func (w *rulesWatch) run(ctx context.Context, again <-chan os.Signal, apply func(*rules.Set)) {
	w.apply = apply
	w.lookout.run(ctx, again)
}

// look is what the folders look like from outside.
func (w *rulesWatch) look() string {
	var b strings.Builder
	w.each(func(file string, info fs.FileInfo) {
		fmt.Fprintf(&b, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	})
	return b.String()
}

// sum is a hash of what is in the files.
func (w *rulesWatch) sum() [32]byte {
	h := sha256.New()
	w.each(func(file string, _ fs.FileInfo) {
		b, err := os.ReadFile(file)
		fmt.Fprintf(h, "%q %x %v\n", file, sha256.Sum256(b), err)
	})
	return [32]byte(h.Sum(nil))
}

// each visits the YAML files of all folders, lists and Sigma's too, in order.
func (w *rulesWatch) each(visit func(file string, info fs.FileInfo)) {
	for i, dir := range slices.Concat(w.settings.Dir, w.settings.Sigma) {
		sigma := i >= len(w.settings.Dir)
		_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			hidden := name != "." && strings.HasPrefix(d.Name(), ".")
			switch {
			case err != nil: // reading the rules will say so
				return nil //nolint:nilerr // a folder that cannot be read has no files
			case d.IsDir() && hidden:
				return fs.SkipDir
			case d.IsDir() || hidden || !strings.HasSuffix(name, ".yaml") && !(sigma && strings.HasSuffix(name, ".yml")):
				return nil
			}
			file := dir + "/" + name
			if info, err := os.Stat(file); err == nil { // behind the link, if it is one
				visit(file, info)
			}
			return nil
		})
	}
}

// reload reads the rules again and uses them, unless they are wrong.
func (w *rulesWatch) reload() {
	sum := w.sum()
	set, err := loadRules(w.settings)
	switch {
	case err != nil:
		if w.latest.refuse(wrong(err), sum != w.read) {
			w.metrics.reloads.WithLabelValues("refused").Inc()
		}
		w.metrics.show(w.rules(), true)
	case sum == w.good: // they are again what they were
		w.latest.accept()
		w.metrics.show(w.rules(), false)
	default:
		former := w.rules()
		w.use(set)
		w.good = sum
		w.metrics.reloads.WithLabelValues("used").Inc()
		w.apply(set)
		added, gone, other := difference(former, set)
		w.latest.log.Info("the rules have changed; open alerts of other wordings are judged again, and chains written before are not",
			"rules", len(set.Versions()), "version", set.Version(), "added", added, "gone", gone, "changed", other)
	}
	w.read = sum
}

// difference counts the rules that came, went, and mean something else.
func difference(former, now *rules.Set) (added, gone, other int) {
	before, after := former.Versions(), now.Versions()
	for id, v := range after {
		switch was, ok := before[id]; {
		case !ok:
			added++
		case was != v:
			other++
		}
	}
	return added, len(before) + added - len(after), other
}

// rules are those in use.
func (w *rulesWatch) rules() *rules.Set {
	s, _, _ := w.latest.state()
	return s
}

func (w *rulesWatch) use(s *rules.Set) {
	w.latest.use(s)
	w.metrics.show(s, false)
}
