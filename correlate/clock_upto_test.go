package correlate

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestMarksKnowHowFarTheyAre: what is kept of how far a topic has been read is what all
// of its marks say, whatever they say in which order.
func TestMarksKnowHowFarTheyAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	topics := []string{"a", "b"}
	m := NewMarks("g", 3, nil, nil)
	read := 0
	for range 5000 {
		topic := topics[rng.IntN(2)]
		if rng.IntN(500) == 0 {
			m.Expect(topic, rng.IntN(6))
		}
		m.Observe(int32(rng.IntN(3)), Mark{
			Group: "g", Topic: topic, Partition: int32(rng.IntN(6)),
			Generation: int32(1 + rng.IntN(3)), Time: time.Unix(1_700_000_000+int64(rng.IntN(1000)), 0),
		})
		for _, topic := range topics {
			want := m.least(topic)
			if got := m.ReadUpTo(topic); !got.Equal(want) {
				t.Fatalf("topic %s is read up to %s; its marks say %s", topic, got, want)
			}
			if !want.IsZero() {
				read++
			}
		}
	}
	if read < 100 {
		t.Errorf("a topic had been read to some time in only %d cases", read)
	}
}

// TestSettledAsksLittle: the clock is asked about as many seconds as it takes to find
// out, and not about each.
func TestSettledAsksLittle(t *testing.T) {
	w := NewWindow(1 << 20)
	clock := &countingClock{upTo: time.Unix(1_700_000_050, 0)}
	for i := range 100 {
		c := Chain{Event: Event{ID: NewID(string(rune(i))), Time: time.Unix(1_700_000_000+int64(i), 0)}, Waits: []Key{{"k", "v"}}}
		w.Park(int64(i), &c, time.Time{})
	}
	want := 0
	for i := range 100 {
		if at := time.Unix(1_700_000_000+int64(i), 0).Add(Skew).Truncate(time.Second).Add(time.Second); !at.After(clock.upTo) {
			want++
		}
	}
	if got := len(w.Settled(clock, 0, 1000)); got != want {
		t.Errorf("%d chains have settled; want %d", got, want)
	}
	if clock.asked > want+1 {
		t.Errorf("the clock was asked %d times", clock.asked)
	}
	clock.upTo = clock.upTo.Add(time.Hour)
	if got := len(w.Settled(clock, 0, 1000)); got != 100 {
		t.Errorf("%d chains have settled an hour later; want all 100", got)
	}
}

type countingClock struct {
	upTo  time.Time
	asked int
}

func (c *countingClock) Now() time.Time { return c.upTo }

func (c *countingClock) Passed(_ Kind, t time.Time) bool {
	c.asked++
	return !t.After(c.upTo)
}
