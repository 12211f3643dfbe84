package simulate

import (
	"cmp"
	"container/heap"
	"math"
	"time"
)

// delivery brings lines late, out of order, twice or not at all. What it holds is
// bounded by the lines of the stories under way and those delayed.
type delivery struct {
	cfg     Config
	pending parcels
	sent    uint64
}

// parcel is a record on its way.
type parcel struct {
	Record
	order uint64 // of sending, for equal times
}

func newDelivery(cfg Config) *delivery { return &delivery{cfg: cfg} }

// send puts a line on its way. Its draws come after all of its story's.
func (d *delivery) send(dice dice, l *line) {
	delay := d.usual(l.source)
	if dice.chance(d.cfg.Disorder) {
		delay = d.drawn(dice, l.source)
	}
	twice := dice.chance(d.cfg.DuplicateShare)
	again := delay + time.Duration(dice.r.Float64()*float64(d.cfg.Lateness(l.source)-delay))
	if l.lost {
		return
	}
	d.push(l, delay)
	if twice {
		d.push(l, again)
	}
}

func (d *delivery) push(l *line, delay time.Duration) {
	d.sent++
	heap.Push(&d.pending, parcel{Record{
		Source: l.source, Key: []byte(l.key), Value: l.value, Headers: l.headers, Time: l.time.Add(delay), EventTime: l.time,
	}, d.sent})
}

// usual is the delay of most lines of a source: the median measured on real
// CloudTrail, and a few seconds for the others.
func (d *delivery) usual(source string) time.Duration {
	usual := 4 * time.Second
	if source == cloudTrail {
		usual = 198 * time.Second
	}
	return time.Duration(float64(usual) * d.cfg.Delay)
}

// drawn is a delay around the usual one: half as long to twice as long for most,
// and never more than the source's lateness.
func (d *delivery) drawn(dice dice, source string) time.Duration {
	spread := 1.5 // the others: mostly under 20 s
	least := 0.0
	if source == cloudTrail {
		spread, least = 0.47, float64(time.Minute)*d.cfg.Delay // p95 is 7.1 minutes
	}
	delay := float64(d.usual(source)) * math.Exp(spread*dice.r.NormFloat64())
	return time.Duration(min(max(delay, least), float64(d.cfg.Lateness(source))))
}

// until yields what is delivered before t: no later story can bring anything earlier.
func (d *delivery) until(t time.Time, yield func(Record) bool) bool {
	for len(d.pending) > 0 && d.pending[0].Time.Before(t) {
		if !yield(heap.Pop(&d.pending).(parcel).Record) {
			return false
		}
	}
	return true
}

func (d *delivery) rest(yield func(Record) bool) {
	for len(d.pending) > 0 {
		if !yield(heap.Pop(&d.pending).(parcel).Record) {
			return
		}
	}
}

// parcels is a heap, the next delivery first.
type parcels []parcel

func (p parcels) Len() int { return len(p) }

func (p parcels) Less(i, j int) bool {
	return cmp.Or(p[i].Time.Compare(p[j].Time), cmp.Compare(p[i].order, p[j].order)) < 0
}

func (p parcels) Swap(i, j int) { p[i], p[j] = p[j], p[i] }

func (p *parcels) Push(x any) { *p = append(*p, x.(parcel)) }

func (p *parcels) Pop() any {
	old := *p
	last := old[len(old)-1]
	old[len(old)-1] = parcel{}
	*p = old[:len(old)-1]
	return last
}
