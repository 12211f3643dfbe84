package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// A directory is replaced while whence runs; one that is wrong is not, and that is
// said once.
func TestDirectoryReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "people.yaml")
		w := watching(t, settings{Directory: directorySettings{Path: []string{path}}}, nil, path, "version: 3\npeople: [{id: alice@example.com}]\n")
		logged := 0 // of the log, that was looked at
		want := func(step, applied, line, refused string) {
			t.Helper()
			if got := w.took(); got != applied {
				t.Errorf("%s: applied %q, want %q", step, got, applied)
			}
			got := w.log.String()[logged:]
			if logged += len(got); strings.Count(got, "\n") != min(len(line), 1) || !strings.Contains(got, line) {
				t.Errorf("%s: logged %q, want one line with %q", step, got, line)
			}
			var problems []string
			if s := w.status(); s.Refused != nil {
				problems = s.Refused.Problems
			}
			if got := strings.Join(problems, "; "); got != refused {
				t.Errorf("%s: status says %q, want %q", step, got, refused)
			}
		}
		write := func(text string) {
			t.Helper()
			write(t, path, []byte(text))
			// Fake time begins in the year 2000, and the file system has its own.
			changed := time.Now()
			if err := os.Chtimes(path, changed, changed); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		want("at rest", "", "", "")

		write("version: 3\npeople: [{id: alice@example.com}, {id: bob@example.com}]\n")
		time.Sleep(3 * lookEvery)
		want("one more", "2/3", "its version is the same", "")

		write("version: 4\npeople: [{id: alice@example.com}]\n")
		time.Sleep(3 * lookEvery)
		want("raised", "1/4", "whence repair --anew", "")

		const twice = `people.yaml:3: "alice@example.com" is already there (people.yaml:2)`
		write("people:\n  - id: alice@example.com\n  - id: alice@example.com\n")
		time.Sleep(time.Minute)
		want("wrong", "", strings.ReplaceAll(twice, `"`, `\"`), twice)
		write("people:\n  - id: alice@example.com\n  - id: alice@example.com\n\n")
		time.Sleep(time.Minute)
		want("as wrong as before", "", "", twice)
		if got := w.measured(t)["whence_directory_refused"]; got != 1 {
			t.Errorf("the metric of a refused directory is %g", got)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want("gone", "", "no such file", "stat "+path+": no such file or directory")

		write("version: 4\npeople: [{id: Alice@example.com}] # as before\n")
		time.Sleep(time.Minute)
		want("right again", "", "", "")

		write("version: 2\npeople: [{id: carol@example.com}]\n")
		time.Sleep(time.Minute)
		want("lowered", "", "lower than 4", "the version 2 is lower than 4, that of the directory in use: chains that it wrote would stay; raise it above")

		// While it is being written it is left alone, unless somebody says so.
		write("version: 5\npeople: []\n")
		w.again <- os.Interrupt
		synctest.Wait()
		want("at once", "0/5", "whence repair --anew", "")
		for i := range 20 {
			write(fmt.Sprintf("version: 6\npeople:\n%s", strings.Repeat("  - id: x@example.com\n", i)))
			time.Sleep(lookEvery / 3)
		}
		want("being written", "", "", "")
		if d := cmp.Diff(map[string]float64{
			"whence_directory_entries": 0, "whence_directory_version": 5, "whence_directory_refused": 0,
			"whence_directory_reloads_total used": 3, "whence_directory_reloads_total refused": 3,
		}, w.measured(t)); d != "" {
			t.Errorf("metrics: -want +got\n%s", d)
		}
	})
}

// The directory's topic: the last record of each key, and none without a value.
func TestDirectoryTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen), kfake.SeedTopics(3, "whence.directory"))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		kafka := []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext)}
		client, err := kgo.NewClient(append(kafka, kgo.DefaultProduceTopic("whence.directory"))...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		put := func(key, value string) {
			t.Helper()
			r := &kgo.Record{Key: []byte(key), Value: []byte(value)}
			if value == "" {
				r.Value = nil
			}
			if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		put("version", `{"version":1}`)
		put("bob@example.com", `{"kind":"person","id":"bob@example.com"}`)
		put("bob@example.com", "")
		put("ci", `{"kind":"service","id":"ci","owner":"alice@example.com","aliases":["github.workflow:example/app/*"]}`)
		path := filepath.Join(t.TempDir(), "people.csv")
		s := settings{Epoch: 10, Directory: directorySettings{Path: []string{path}, Topic: "whence.directory"}}
		w := watching(t, s, kafka, path, "kind,id\nperson,alice@example.com\n")
		step := func(applied string, refused ...string) {
			t.Helper()
			time.Sleep(10 * lookEvery)
			if got := w.took(); got != applied {
				t.Errorf("applied %q, want %q", got, applied)
			}
			var problems []string
			if s := w.status(); s.Refused != nil {
				problems = s.Refused.Problems
			}
			if d := cmp.Diff(refused, problems); d != "" {
				t.Errorf("refused: -want +got\n%s", d)
			}
		}
		if w.directory().Len() != 2 || w.of != 11 {
			t.Errorf("%d entries of epoch %d, want 2 of epoch 11", w.directory().Len(), w.of)
		}
		step("")
		put("carol@example.com", `{"kind":"person","id":"Carol@example.com","unit":"shop","from":"2026-01-01"}`)
		step("3/1")
		put("version", `{"version":2}`)
		step("3/2")
		put("carol@example.com", `{"kind":"person","id":"carol@example.com","team":"shop"}`)
		at := w.place("carol@example.com")
		step("", at+": want one JSON object with kind, id, name, type, unit, owner, manager, from, until, aliases, or with version alone")
		put("carol@example.com", `{"kind":"person","id":"alice@example.com"}`)
		at = w.place("carol@example.com")
		step("", at+`: the record's key is "carol@example.com" and the entry's id "alice@example.com": they must be the same`)
		put("carol@example.com", "")
		put("alice@example.com", `{"kind":"person","id":"alice@example.com"}`)
		at = w.place("alice@example.com")
		step("", at+`: "alice@example.com" is already there (people.csv:2)`)
		put("alice@example.com", "")
		step("2/2")

		s.Directory.Topic = "whence.none"
		_, err = watchDirectory(t.Context(), s, kafka, awaiting{}, slog.New(slog.DiscardHandler))
		var wrong *wrongError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "it does not exist: create it with cleanup.policy=compact") {
			t.Errorf("a topic that is not there: %v", err)
		}
	})
}

// watched directory, in a bubble of fake time.
type watchedDirectory struct {
	*directoryWatch
	log   watched
	again chan os.Signal

	lock    sync.Mutex
	applied []string // entries/version of each
}

// took returns what was applied since it was called before.
func (w *watchedDirectory) took() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	got := strings.Join(w.applied, " ")
	w.applied = nil
	return got
}

func watching(t *testing.T, s settings, kafka []kgo.Opt, path, text string) *watchedDirectory {
	t.Helper()
	write(t, path, []byte(text))
	w := &watchedDirectory{again: make(chan os.Signal)}
	var err error
	w.directoryWatch, err = watchDirectory(t.Context(), s, kafka, awaiting{}, slog.New(slog.NewTextHandler(&w.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx, w.again, func(d *correlate.Directory, epoch uint32) {
			if epoch != s.Epoch+d.Version {
				t.Errorf("epoch %d for version %d", epoch, d.Version)
			}
			w.lock.Lock()
			defer w.lock.Unlock()
			w.applied = append(w.applied, fmt.Sprintf("%d/%d", d.Len(), d.Version))
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		w.close()
	})
	return w
}

// place is where the last record of a key is, as soon as it has come.
func (w *watchedDirectory) place(key string) string {
	time.Sleep(time.Second)
	w.topic.mu.Lock()
	defer w.topic.mu.Unlock()
	return w.topic.records[key].at
}

// measured are the metrics, with their labels' values.
func (w *watchedDirectory) measured(t *testing.T) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	w.registered(reg)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			all[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}
