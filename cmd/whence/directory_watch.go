package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// lookEvery is how often the directory's files and topic are looked at. A change is
// read when nothing has changed for as long, so that a file is not read while it is
// being written, and of records that belong together all have come.
const lookEvery = 2 * time.Second

// A directoryWatch keeps the directory that is in use, and reads it again when it has
// changed. What is wrong is refused as a whole, and the one in use stays.
//
// It looks instead of being told: viper's watcher, which is the file system's, hands
// out an empty file while one is written in place, knows nothing of the folder that
// Kubernetes swaps behind a link, and works on no network share.
type directoryWatch struct {
	settings directorySettings
	epoch    uint32 // the configuration's part
	log      *slog.Logger
	topic    *directoryTopic // nil for none
	now      func() time.Time
	metrics  *directoryMetrics

	mu    sync.Mutex
	used  *correlate.Directory
	of    uint32    // its epoch
	since time.Time // when it was read
	// refused is why the newest is not in use, and when that was found; nil if it is.
	refused error
	when    time.Time

	// Of the goroutine that looks.
	read     [32]byte // what was read last, good or not
	good     [32]byte // what is in use
	seen     string   // what it looked like the last time
	readLook string   // what it looked like when it was read last
}

// watchDirectory reads the directory that s names for the first time: what is wrong
// with it then is an error of configuration. Nil if none is named. The caller closes it.
func watchDirectory(ctx context.Context, s settings, kafka []kgo.Opt, wait awaiting, log *slog.Logger) (*directoryWatch, error) {
	if !s.Directory.any() {
		return nil, nil
	}
	w := &directoryWatch{settings: s.Directory, epoch: s.Epoch, log: log, now: time.Now, metrics: newDirectoryMetrics()}
	if s.Directory.Topic != "" {
		err := wait.until(ctx, "kafka", lastingKafka, func(context.Context) (err error) {
			w.topic, err = openDirectoryTopic(ctx, kafka, s.Directory.Topic, log) // as long as it takes
			return err
		})
		if err != nil {
			return nil, kafkaAdvice(err)
		}
	}
	w.seen = w.look()
	w.readLook = w.seen
	d, sum, err := w.load()
	if err == nil {
		_, err = epochOf(w.epoch, d)
	}
	if err != nil {
		w.close()
		return nil, wrong(err)
	}
	w.read, w.good = sum, sum
	w.use(d)
	return w, nil
}

// close ends the reading of the topic. run must have returned.
func (w *directoryWatch) close() {
	if w != nil && w.topic != nil {
		w.topic.close()
	}
}

// run looks until ctx is done, and gives every directory that replaces the one before
// to apply. again asks for it to be read now.
func (w *directoryWatch) run(ctx context.Context, again <-chan os.Signal, apply func(*correlate.Directory, uint32)) {
	var following sync.WaitGroup
	defer following.Wait()
	if w.topic != nil {
		following.Go(func() { w.topic.follow(ctx) })
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		now := false
		select {
		case <-ctx.Done():
			return
		case <-again:
			now = true
		case <-tick.C:
		}
		look := w.look()
		still := look == w.seen
		w.seen = look
		if now || still && look != w.readLook {
			w.readLook = look
			w.reload(apply)
		}
	}
}

// look is what the directory looks like from outside: something else when it changed.
func (w *directoryWatch) look() string {
	var b strings.Builder
	files, err := directoryFiles(w.settings.Path)
	for _, f := range files {
		fmt.Fprintf(&b, "%s %d %d\n", f.path, f.size, f.changed.UnixNano())
	}
	if err != nil {
		b.WriteString(err.Error())
	}
	if w.topic != nil {
		fmt.Fprint(&b, w.topic.changed())
	}
	return b.String()
}

// load reads all of it, and what it says as a hash.
func (w *directoryWatch) load() (*correlate.Directory, [32]byte, error) {
	var r roster
	r.readFiles(w.settings.Path)
	if w.topic != nil {
		w.topic.read(&r)
	}
	d, err := r.directory()
	return d, r.sum(err), err
}

// sum is a hash of what was read, lines and order aside, and of what is wrong with it.
func (r *roster) sum(err error) [32]byte {
	h := sha256.New()
	fmt.Fprintln(h, r.version, err)
	for _, e := range r.entries {
		e.Line = ""
		fmt.Fprintf(h, "%q\n", fmt.Sprintf("%+v", e))
	}
	return [32]byte(h.Sum(nil))
}

// reload reads the directory again and uses it, unless it is wrong.
func (w *directoryWatch) reload(apply func(*correlate.Directory, uint32)) {
	d, sum, err := w.load()
	var epoch uint32
	if err == nil {
		epoch, err = epochOf(w.epoch, d)
	}
	if err == nil && epoch < w.of {
		err = fmt.Errorf("the version %d is lower than %d, that of the directory in use: chains that it wrote would stay; raise it above", d.Version, w.used.Version)
	}
	switch {
	case err != nil:
		w.refuse(err, sum != w.read)
	case sum == w.good:
		w.accept() // it is again what it was
	default:
		former := w.used
		w.use(d)
		w.good = sum
		w.metrics.reloads.WithLabelValues("used").Inc()
		apply(d, epoch)
		w.log.Info(changed(former, d), "entries", d.Len(), "version", d.Version)
	}
	w.read = sum
}

// changed says what another directory means for the chains that are there.
func changed(former, d *correlate.Directory) string {
	if d.Version == former.Version {
		return "the directory has changed; chains written before stay as they are, for its version is the same"
	}
	return "the directory has changed; whence repair --anew writes anew what is stored, once all instances have it"
}

// use makes d the directory that is in use.
func (w *directoryWatch) use(d *correlate.Directory) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used, w.since, w.refused = d, w.now(), nil
	w.of, _ = epochOf(w.epoch, d) // checked
	w.metrics.show(d, false)
}

// accept forgets what was refused.
func (w *directoryWatch) accept() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = nil
	w.metrics.show(w.used, false)
}

// refuse keeps the directory in use, and says so once for what is wrong.
func (w *directoryWatch) refuse(err error, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refused == nil || news {
		w.when = w.now()
		w.metrics.reloads.WithLabelValues("refused").Inc()
		problems := problemsOf(err)
		w.log.Warn("the directory has changed and is wrong; the one in use stays", "err", problems[0], "problems", len(problems), "in use since", w.since.UTC().Format(time.RFC3339))
	}
	w.refused = err
	w.metrics.show(w.used, true)
}
