package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"whence/correlate"
)

// sliceRows is how many rows and entries are held at the same time, at least a
// minute's: about 100 B each.
const sliceRows = 500_000

// A slice is the rows and entries of some minutes.
type slice struct {
	rows    []Row
	entries []dated
}

// dated is what rows need of an entry.
type dated struct {
	chain   correlate.ID
	version uint64
	time    time.Time
	content Sum
	run     *known
	seq     uint64
}

// leaning is a row with the entries that vouch for it, none of them confirmed.
type leaning struct {
	row     Row
	entries []ref
}

type ref struct {
	run *known
	seq uint64
}

// rows compares rows with entries, slice by slice: of one chain they all have one
// time.
func (v *verifier) rows(ctx context.Context) error {
	var s slice
	var from, to time.Time // of the slice; to is the end of its last minute
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		n = 0
		return v.slice(ctx, &s, from, to)
	}
	type minute struct {
		at time.Time
		n  int
	}
	var minutes []minute // some 600,000 of a year
	err := v.archive.Minutes(ctx, v.From, v.To, func(at time.Time, n int) error {
		minutes = append(minutes, minute{at, n})
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range minutes {
		if n > 0 && n+m.n > sliceRows {
			if err := flush(); err != nil {
				return err
			}
		}
		if n == 0 {
			from = m.at
		}
		to = m.at.Add(time.Minute)
		n += m.n
	}
	return flush()
}

// slice compares what is from a time within the bounds.
func (v *verifier) slice(ctx context.Context, s *slice, from, to time.Time) error {
	if from.Before(v.From) {
		from = v.From
	}
	if !v.To.IsZero() && to.After(v.To) {
		to = v.To
	}
	s.rows, s.entries = s.rows[:0], s.entries[:0]
	err := v.archive.Rows(ctx, from, to, func(r *Row) error {
		s.rows = append(s.rows, *r)
		return nil
	})
	if err != nil {
		return err
	}
	err = v.archive.Dated(ctx, from, to, func(e *Entry) error {
		s.entries = append(s.entries, dated{e.Chain, e.Version, e.Time, e.Content, v.run(Of{e.Lane, e.Run}), e.Seq})
		return nil
	})
	if err != nil {
		return err
	}
	v.report.Rows += int64(len(s.rows))
	v.report.Entries += int64(len(s.entries))
	v.compare(s)
	return nil
}

func (v *verifier) compare(s *slice) {
	// Those of one second in the order of their chains: findings come in about the
	// order of time.
	slices.SortFunc(s.rows, func(a, b Row) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.Chain[:], b.Chain[:]), cmp.Compare(a.Version, b.Version))
	})
	slices.SortFunc(s.entries, func(a, b dated) int {
		return cmp.Or(a.time.Compare(b.time), slices.Compare(a.chain[:], b.chain[:]), cmp.Compare(a.version, b.version), cmp.Compare(a.seq, b.seq))
	})
	rows, entries := s.rows, s.entries
	for len(rows) > 0 || len(entries) > 0 {
		var at time.Time
		var id correlate.ID
		switch {
		case len(entries) == 0, len(rows) > 0 && before(rows[0].Time, rows[0].Chain, entries[0].time, entries[0].chain):
			at, id = rows[0].Time, rows[0].Chain
		default:
			at, id = entries[0].time, entries[0].chain
		}
		i, j := 0, 0
		for i < len(rows) && rows[i].Chain == id && rows[i].Time.Equal(at) {
			i++
		}
		for j < len(entries) && entries[j].chain == id && entries[j].time.Equal(at) {
			j++
		}
		v.chain(rows[:i], entries[:j])
		rows, entries = rows[i:], entries[j:]
	}
}

func before(t time.Time, id correlate.ID, u time.Time, other correlate.ID) bool {
	return cmp.Or(t.Compare(u), slices.Compare(id[:], other[:])) < 0
}

// chain compares the rows of one chain with its entries, both by version.
func (v *verifier) chain(rows []Row, entries []dated) {
	there := false
	var highest uint64
	for i := range rows {
		r := &rows[i]
		if i > 0 && *r == rows[i-1] {
			continue // sent twice
		}
		there, highest = true, r.Version
		v.row(r, entries)
	}
	missing := -1
	for i := range entries {
		e := &entries[i]
		switch {
		case there && e.version < highest:
			v.report.Replaced++
		case there && e.version == highest:
		case v.KeepRows > 0 && e.time.Add(v.KeepRows).Before(v.Now):
			v.report.Expired++
		case e.seq > e.run.confirmed:
			v.report.Pending++
		default:
			missing = i
		}
	}
	if missing < 0 {
		return
	}
	e := &entries[missing]
	detail := "it was stored, and neither it nor a higher version is there"
	if there {
		detail = "it was stored, and the row that is there is of a lower version"
	}
	v.report.Add(Finding{
		Verdict: RowRemoved, Chain: e.chain, Version: e.version, Time: e.time, Lane: e.run.of.Lane, Run: e.run.of.Run.String(), Seq: e.seq, Detail: detail,
	})
}

// row looks for an entry that vouches for r.
func (v *verifier) row(r *Row, entries []dated) {
	f := Finding{Chain: r.Chain, Version: r.Version, Time: r.Time}
	var refs []ref
	for i := range entries {
		e := &entries[i]
		if e.version != r.Version {
			continue
		}
		if e.content != r.Content {
			f.Verdict, f.Detail = RowAltered, "its content is not what was entered when it was written"
			f.Lane, f.Run, f.Seq = e.run.of.Lane, e.run.of.Run.String(), e.seq
			continue
		}
		if e.seq <= e.run.confirmed {
			return
		}
		refs = append(refs, ref{e.run, e.seq})
	}
	switch {
	case len(refs) > 0:
		v.leaning = append(v.leaning, leaning{*r, refs})
	case f.Verdict != "":
		v.report.Add(f)
	case r.Time.Before(v.began):
		v.report.Uncovered++
	default:
		f.Verdict, f.Detail = RowInserted, "nothing was entered for it"
		v.report.Add(f)
	}
}

// lean judges the rows that only unconfirmed entries vouch for: it takes one in a
// batch that is whole and signed.
func (v *verifier) lean() {
	for i := range v.leaning {
		l := &v.leaning[i]
		if !slices.ContainsFunc(l.entries, ref.holds) {
			e := l.entries[0]
			v.report.Add(Finding{
				Verdict: RowInserted, Chain: l.row.Chain, Version: l.row.Version, Time: l.row.Time,
				Lane: e.run.of.Lane, Run: e.run.of.Run.String(), Seq: e.seq, Detail: "the entry for it is not signed",
			})
		}
	}
}

func (r ref) holds() bool {
	return r.seq <= r.run.signed && !slices.ContainsFunc(r.run.broken, func(s span) bool { return s.first <= r.seq && r.seq <= s.last })
}
