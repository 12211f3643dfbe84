package sources

import (
	"whence/correlate"
	"whence/sources/prices"
)

// price fills in what e cost by the list of prices, if the line did not say and the
// list does. Tokens of caches count as put in, and cost what the list says of them.
func (b *Batch) price(e *correlate.Event, t prices.Tokens) {
	e.Usage.InputTokens, e.Usage.OutputTokens = t.Input+t.CacheRead+t.CacheWrite, t.Output
	if !e.Usage.CostKnown {
		e.Usage.CostUSD, e.Usage.CostKnown = b.Prices.Cost(e.Usage.Model, e.Time, t)
	}
}

// beside reports whether another log is read here too.
func (b *Batch) beside(source string) bool { return b.Beside != nil && b.Beside(source) }

// maxTokens is more than any one call can take: a larger number is damage.
const maxTokens = 1 << 40

// tokens is a number of tokens, 0 for nonsense.
func tokens(n int64) int64 {
	if n < 0 || n > maxTokens {
		return 0
	}
	return n
}
