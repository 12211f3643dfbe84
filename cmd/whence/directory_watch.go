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

// A directoryWatch keeps the directory that is in use, and reads it again when it has
// changed.
type directoryWatch struct {
	settings directorySettings
	epoch    uint32          // the configuration's part
	topic    *directoryTopic // nil for none
	metrics  *directoryMetrics
	latest   latest[*correlate.Directory]

	// Of the goroutine that looks.
	of      uint32   // the epoch of the directory in use
	read    [32]byte // what was read last, good or not
	good    [32]byte // what is in use
	lookout lookout
	apply   func(*correlate.Directory, uint32)
}

// watchDirectory reads the directory that s names for the first time: what is wrong
// with it then is an error of configuration. Nil if none is named. The caller closes it.
func watchDirectory(ctx context.Context, s settings, kafka []kgo.Opt, wait awaiting, log *slog.Logger) (*directoryWatch, error) {
	if !s.Directory.any() {
		return nil, nil
	}
	w := &directoryWatch{
		settings: s.Directory, epoch: s.Epoch, metrics: newDirectoryMetrics(),
		latest: latest[*correlate.Directory]{wrong: "the directory has changed and is wrong; the one in use stays", log: log, now: time.Now},
	}
	w.lookout = lookout{look: w.look, reload: w.reload}
	if s.Directory.Topic != "" {
		err := wait.until(ctx, "kafka", lastingKafka, func(context.Context) (err error) {
			w.topic, err = openDirectoryTopic(ctx, kafka, s.Directory.Topic, log) // as long as it takes
			return err
		})
		if err != nil {
			return nil, kafkaAdvice(err)
		}
	}
	w.lookout.begin()
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
	w.apply = apply
	w.lookout.run(ctx, again)
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
func (w *directoryWatch) reload() {
	d, sum, err := w.load()
	var epoch uint32
	if err == nil {
		epoch, err = epochOf(w.epoch, d)
	}
	former := w.directory()
	if err == nil && epoch < w.of {
		err = fmt.Errorf("the version %d is lower than %d, that of the directory in use: chains that it wrote would stay; raise it above", d.Version, former.Version)
	}
	switch {
	case err != nil:
		if w.latest.refuse(err, sum != w.read) {
			w.metrics.reloads.WithLabelValues("refused").Inc()
		}
		w.metrics.show(former, true)
	case sum == w.good: // it is again what it was
		w.latest.accept()
		w.metrics.show(former, false)
	default:
		w.use(d)
		w.good = sum
		w.metrics.reloads.WithLabelValues("used").Inc()
		w.apply(d, epoch)
		w.latest.log.Info(changed(former, d), "entries", d.Len(), "version", d.Version)
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

// directory is the one in use.
func (w *directoryWatch) directory() *correlate.Directory {
	d, _, _ := w.latest.state()
	return d
}

// use makes d the directory that is in use.
func (w *directoryWatch) use(d *correlate.Directory) {
	w.latest.use(d)
	w.of, _ = epochOf(w.epoch, d) // checked
	w.metrics.show(d, false)
}
