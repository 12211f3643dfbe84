package main

import (
	"context"
	"fmt"
	"time"

	"whence/sources"
	"whence/sources/simulate"
)

// decoded are the sources whose decoders are measured.
var decoded = []string{"aws.cloudtrail", "okta.system_log", "vault.audit", "github.webhook", "litellm.spend"}

// A corpus is lines of one source.
type corpus struct {
	sample
	events []string // the header X-GitHub-Event of each line
}

func (c *corpus) input(i int) sources.Input {
	i %= c.len()
	return sources.Input{Raw: c.line(i), Scope: "prod/file0", Header: func(name string) string {
		if name == "X-GitHub-Event" || name == "x-github-event" {
			return c.events[i]
		}
		return ""
	}}
}

// corpora are CloudTrail of the estate, and of the others what the simulated
// estate's native logs say: about 2,000 bytes a line of Okta and LiteLLM, 1,500 of
// Vault, 13,000 of a webhook.
func corpora() map[string]*corpus {
	all := map[string]*corpus{}
	for _, name := range decoded {
		all[name] = &corpus{}
	}
	e := newEstate(10_000, 0, 0, 0.05, time.Now().UTC().Add(-24*time.Hour))
	ct := all["aws.cloudtrail"]
	ct.sample = *e.sample(sampleLines)
	ct.events = make([]string, ct.len())
	cfg := simulate.Default()
	cfg.Events = 30_000
	for r := range simulate.New(cfg).Records {
		if c, ok := all[r.Source]; ok && r.Source != "aws.cloudtrail" {
			c.add(r.Value)
			c.events = append(c.events, r.Headers["X-GitHub-Event"])
		}
	}
	return all
}

// decodeBatch is how many lines are decoded before their memory is used again.
const decodeBatch = 1000

// decodeStages are, of each source, the scan and the hash of its lines, and
// decoding them.
func decodeStages() (all []stage, err error) {
	lines := corpora()
	for _, name := range decoded {
		c := lines[name]
		src, ok := sources.Find(name)
		if !ok || c.len() == 0 {
			return nil, fmt.Errorf("there are no lines of %s", name)
		}
		var batch sources.Batch
		inputs := make([]sources.Input, c.len())
		for i := range inputs {
			inputs[i] = c.input(i)
		}
		note := fmt.Sprintf("%d lines of %d bytes", c.len(), c.mean())
		all = append(all,
			stage{"scan." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error { c.scan(0, c.len()); return nil })
			}},
			stage{"hash." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error { c.hash(0, c.len()); return nil })
			}},
			stage{"decode." + name, note, func(_ context.Context, m *meter) error {
				return m.time(c.len(), func() error {
					for i := range inputs {
						if i%decodeBatch == 0 {
							batch.Reset()
						}
						src.DecodeRecord(inputs[i], &batch)
					}
					return nil
				})
			}},
		)
	}
	return all, nil
}
