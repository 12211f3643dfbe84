package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// print writes the report for people, or as JSON.
func (d verified) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(d)
	}
	for _, f := range d.Findings {
		fmt.Fprintln(w, f)
	}
	if more := d.Found - int64(len(d.Findings)); more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	fmt.Fprintf(w, "%s, %s and %s of %s verified\n",
		count(int(d.Rows), "row"), entries(d.Entries), count(int(d.Checkpoints), "checkpoint"), count(int(d.Runs), "run"))
	for _, l := range []struct {
		n    int64
		what string
	}{
		{d.Replaced, "of versions that higher ones have replaced"},
		{d.Expired, "of rows that are older than rows are kept"},
		{d.Pending, "of rows that are on their way, or of writes that broke off and were not taken up yet"},
	} {
		if l.n > 0 {
			fmt.Fprintf(w, "  %s %s\n", entries(l.n), l.what)
		}
	}
	if d.Uncovered > 0 {
		fmt.Fprintf(w, "  %s from before the ledger began: nothing is known of them\n", count(int(d.Uncovered), "row"))
	}
	if d.Unlinked > 1 {
		fmt.Fprintf(w, "  %s with no run before: the first of a lane, or offsets were set by hand\n", count(int(d.Unlinked), "run"))
	}
	if e := d.Evidence; e != nil {
		fmt.Fprintf(w, "%s compared with Kafka, %d are not there any more, %d are of topics that are not configured\n", count(int(e.Events), "raw event"), e.Gone, e.Unknown)
	}
	if d.Intact() {
		fmt.Fprintln(w, "intact")
	}
	return nil
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
