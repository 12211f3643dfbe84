package sinks

// NewEncoder returns what Write does before rows are sent: it encodes them into
// memory that is used again, and says how many bytes they are.
func NewEncoder() func(*Output) (bytes int, err error) {
	c := &ClickHouse{chains: chainTable(), facts: factTable(), alerts: alertTable(), rejects: rejectTable()}
	l := new(load)
	return func(out *Output) (int, error) {
		err := c.encode(l, out)
		return l.facts.bytes() + l.rejects.bytes() + l.chains.bytes() + l.alerts.bytes(), err
	}
}
