package main

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/deploy/local/clickhouse"
	"whence/deploy/local/kafka"
	"whence/sinks/ocsftest"
	"whence/sources/simulate"
)

// TestDemo: the demo finds what is true, and every document that it tells a SIEM of is as
// the schema of OCSF wants it: those of all versions of all chains, and of all alerts.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the ClickHouse engine; run without -short, as make test does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	broker, err := kafka.Start(kafka.Config{Topics: demoTopics(2)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := broker.Stop(); err != nil {
			t.Error(err)
		}
	}()
	engine, err := clickhouse.Start(ctx, clickhouse.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Kill)
	o := demoOptions{events: 1500, seed: 1, partitions: 2}
	estate, dir := simulate.New(demoEstate(o)), t.TempDir()
	s := demoSettings(o, estate, dir, broker.Addr(), engine.Addr())
	w, err := demoWiring(s, estate, dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	d := &demonstration{estate: estate, settings: s, wiring: w, progress: newProgress(io.Discard), broker: broker.Addr()}
	result, err := d.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := result.verdict(); err != nil {
		t.Error(err)
	}
	classes := map[string]map[string]int{demoSIEM[0].Topic: {}, demoSIEM[1].Topic: {}}
	read, wrong := map[string]int64{}, 0
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.ConsumeTopics(demoSIEM[0].Topic, demoSIEM[1].Topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for read[demoSIEM[0].Topic] < result.siem[demoSIEM[0].Topic] || read[demoSIEM[1].Topic] < result.siem[demoSIEM[1].Topic] {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			read[r.Topic]++
			classes[r.Topic][ocsftest.V18().Class(r.Value)]++
			if err := ocsftest.V18().Check(r.Value); err != nil && wrong < 5 {
				wrong++
				t.Errorf("%v\nin %s", err, r.Value)
			}
		})
	}
	if diff := cmp.Diff(result.siem, read); diff != "" {
		t.Errorf("documents (-counted +read):\n%s", diff)
	}
	chains, alerts := classes[demoSIEM[0].Topic], classes[demoSIEM[1].Topic]
	if read[demoSIEM[0].Topic] < int64(result.score.Actions) || chains["api_activity"] == 0 || chains["authentication"] == 0 || chains["authorize_session"] == 0 {
		t.Errorf("documents of %d actions: %v", result.score.Actions, chains)
	}
	if len(alerts) != 1 || alerts["detection_finding"] == 0 {
		t.Errorf("documents of alerts: %v", alerts)
	}
}
