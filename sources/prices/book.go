// Package prices knows what model calls cost: a list of prices in a YAML file, which
// may be replaced while others ask. A model that is not in it costs an unknown
// amount, never nothing.
package prices

import (
	"sync/atomic"
	"time"
)

// Tokens are those of one call, each counted once: Input leaves out what was read
// from or written to a cache of prompts.
type Tokens struct {
	Input, CacheRead, CacheWrite, Output int64
}

// A Book is the list of prices in use. The zero Book has none. It is safe for
// concurrent use; a nil Book knows no price.
type Book struct {
	list atomic.Pointer[List]
}

// NewBook returns a book with that list.
func NewBook(l *List) *Book {
	b := &Book{}
	b.Use(l)
	return b
}

// Use replaces the list, for every call priced from now on.
func (b *Book) Use(l *List) { b.list.Store(l) }

// Cost is what a call cost in US dollars, if the list has all prices it takes. It
// allocates nothing.
func (b *Book) Cost(model string, at time.Time, t Tokens) (usd float64, known bool) {
	if b == nil {
		return 0, false
	}
	l := b.list.Load()
	if l == nil {
		return 0, false
	}
	p := l.find(model, at)
	if p == nil {
		return 0, false
	}
	return p.cost(t)
}

// find is the price of a model at a time, under the first of its names that is in
// the list: the last price that began before.
func (l *List) find(model string, at time.Time) *price {
	ps := l.models[model]
	for i := 0; ps == nil && i < len(cuts); i++ {
		model = cuts[i](model)
		ps = l.models[model]
	}
	for i := len(ps) - 1; i >= 0; i-- {
		if p := &ps[i]; !at.Before(p.from) {
			return p
		}
	}
	return nil
}

// cost prices tokens, if there is a price for each that there is any of.
func (p *price) cost(t Tokens) (float64, bool) {
	r := &p.rates
	if p.above > 0 && t.Input+t.CacheRead+t.CacheWrite > p.above {
		r = &p.long
	}
	usd := 0.0
	for _, part := range [...]struct {
		tokens int64
		rate   float64
	}{{t.Input, r.input}, {t.CacheRead, r.cacheRead}, {t.CacheWrite, r.cacheWrite}, {t.Output, r.output}} {
		switch {
		case part.tokens < 0, part.tokens > 0 && part.rate < 0:
			return 0, false
		case part.tokens > 0:
			usd += float64(part.tokens) * part.rate / perMillion
		}
	}
	return usd, t != Tokens{}
}

const perMillion = 1e6
