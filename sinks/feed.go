package sinks

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"whence/correlate"
)

// A KeyBy says what a record's key is made of. Records of one key are in one
// partition, in the order in which they were written.
type KeyBy string

// What a key can be made of. All but requestor are the same for every version of a
// chain, so that all versions are in one partition. A record of something that the
// log does not name is keyed by its id.
const (
	ByID        KeyBy = "id"
	ByAction    KeyBy = "action"
	BySource    KeyBy = "source"
	ByAccount   KeyBy = "account"
	ByTenant    KeyBy = "tenant"
	ByExecutor  KeyBy = "executor"
	ByRequestor KeyBy = "requestor"
	ByRule      KeyBy = "rule"
	ByChain     KeyBy = "chain"
)

// Keys are what the records of chains, or of alerts, can be keyed by.
func Keys(alerts bool) []KeyBy {
	if alerts {
		return []KeyBy{ByID, ByChain, ByAction, ByRule, BySource, ByExecutor, ByRequestor}
	}
	return []KeyBy{ByID, ByAction, BySource, ByAccount, ByTenant, ByExecutor, ByRequestor}
}

// Validate reports a key that chains, or alerts, cannot have. The empty one is ByID.
func (k KeyBy) Validate(alerts bool) error {
	known := Keys(alerts)
	if k == "" || slices.Contains(known, k) {
		return nil
	}
	names := make([]string, len(known))
	for i, n := range known {
		names[i] = string(n)
	}
	return fmt.Errorf("key %q: want %s", k, strings.Join(names, ", "))
}

func (k KeyBy) appendChain(b []byte, c *correlate.Chain) []byte {
	from := len(b)
	switch k {
	case ByAction:
		return appendIDText(b, c.ActionID)
	case BySource:
		b = append(b, c.Source...)
	case ByAccount:
		b = append(b, c.Context.Account...)
	case ByTenant:
		b = append(b, c.Tenant...)
	case ByExecutor:
		b = append(b, c.Actor.ID...)
	case ByRequestor:
		b = append(b, c.Requestor.ID...)
	}
	if len(b) == from {
		b = appendIDText(b, c.ID)
	}
	return b
}

func (k KeyBy) appendAlert(b []byte, a *correlate.Alert) []byte {
	from := len(b)
	switch k {
	case ByChain:
		return appendIDText(b, a.ChainID)
	case ByAction:
		return appendIDText(b, a.ActionID)
	case ByRule:
		b = append(b, a.Rule...)
	case BySource:
		b = append(b, a.Source...)
	case ByExecutor:
		b = append(b, a.Executor.ID...)
	case ByRequestor:
		b = append(b, a.Requestor.ID...)
	}
	if len(b) == from {
		b = appendIDText(b, a.ID)
	}
	return b
}

// A Filter says what a destination wants. Its functions are called from many
// goroutines at once. Whoever makes one sees to it that all versions of a chain get
// the same answer: a reader must not be left with a version that is not the last.
// What cannot be decided, for an error, is wanted: too much is better than too little.
type Filter struct {
	Chain func(*correlate.Chain) (bool, error) // nil for all
	Alert func(*correlate.Alert) (bool, error) // nil for all
}

// Counts are the records of one destination so far.
type Counts struct {
	Name string // of the destination
	// Sent were acknowledged by all in-sync replicas. Failed were given up: they are
	// written again, or the program ends. Filtered were not wanted, and Undecided
	// were sent as the filter failed.
	Sent, Failed, Filtered, Undecided uint64
}

// counter counts for one destination. It is safe for concurrent use.
type counter struct{ sent, failed, filtered, undecided atomic.Uint64 }

func (c *counter) counts(name string) Counts {
	return Counts{
		Name: name, Sent: c.sent.Load(), Failed: c.failed.Load(), Filtered: c.filtered.Load(), Undecided: c.undecided.Load(),
	}
}

// wants counts what a filter answered.
func (c *counter) wants(ok bool, err error) bool {
	if err != nil {
		c.undecided.Add(1)
		return true
	}
	if !ok {
		c.filtered.Add(1)
	}
	return ok
}
