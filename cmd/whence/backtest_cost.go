package main

import (
	"math/rand/v2"
	"time"

	"whence/correlate"
	"whence/rules"
)

// costs measures what it takes the processor to ask rules about chains, by a sample of
// them: all rules together, and each by itself. What the sum is less than that of the
// rules is what they share.
type costs struct {
	seen   int
	sample []correlate.Chain
	rand   *rand.Rand
	all    time.Duration            // for each event
	each   map[string]time.Duration // likewise
}

const (
	maxSample = 2000
	// asks is how often the sample is asked about at least, so that what the clock of
	// the processor cannot tell apart is little of it.
	asks = 40
)

// add takes each chain into the sample with the same chance.
func (k *costs) add(c *correlate.Chain) {
	if k.rand == nil {
		k.rand = rand.New(rand.NewPCG(1, 2))
	}
	k.seen++
	if len(k.sample) < maxSample {
		k.sample = append(k.sample, c.Clone())
	} else if at := k.rand.IntN(k.seen); at < maxSample {
		k.sample[at] = c.Clone()
	}
}

func (k *costs) measure(set *rules.Set) {
	k.each = map[string]time.Duration{}
	ids := idsOf(set)
	k.all = k.of(set, ids...)
	for _, id := range ids {
		k.each[id] = k.of(set, id)
	}
}

// of asks a set of its own, so that what fails is not counted twice.
func (k *costs) of(set *rules.Set, ids ...string) time.Duration {
	only, err := set.Only(ids...)
	if err != nil {
		panic("backtest: the set must have its own rules: " + err.Error())
	}
	j := only.NewJudge()
	var alerts []correlate.Alert
	once := func() {
		for i := range k.sample {
			alerts = j.Judge(nil, &k.sample[i], alerts[:0])
		}
	}
	if len(k.sample) == 0 {
		return 0
	}
	once()
	began := cpuTime()
	for range asks {
		once()
	}
	return (cpuTime() - began) / time.Duration(asks*len(k.sample))
}

func idsOf(set *rules.Set) []string {
	var ids []string
	for _, r := range set.Rules() {
		ids = append(ids, r.ID)
	}
	return ids
}
