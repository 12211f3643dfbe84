package sources

import (
	"math"
	"testing"

	"whence/sources/prices"
)

// TestAzureOpenAICost: calls cost what the list of prices says of the model that
// answered, and an unknown amount, never nothing, where it says nothing of it.
func TestAzureOpenAICost(t *testing.T) {
	s, _ := Find(azureOpenAIName)
	out := Batch{Prices: prices.NewBook(prices.Default())}
	for _, f := range fixtures(t, azureOpenAIName) {
		for _, in := range f.inputs {
			s.DecodeRecord(in, &out)
		}
	}
	type call struct {
		model         string
		input, output int64
	}
	want := map[call]float64{
		{"gpt-4o-2024-11-20", 14, 8}:          14*2.5e-6 + 8*10e-6,
		{"gpt-4o", 120, 30}:                   120*2.5e-6 + 30*10e-6,
		{"gpt-4o-2024-11-20", 1000, 200}:      600*2.5e-6 + 400*1.25e-6 + 200*10e-6,
		{"gpt-4o-mini-2024-07-18", 1000, 200}: 1000*.15e-6 + 200*.6e-6,
		{"gpt-4.1", 120, 30}:                  120*2e-6 + 30*8e-6,
		{"house-model-2026-01-01", 50, 20}:    math.NaN(), // in no list
		{"", 60, 20}:                          math.NaN(), // a deployment of that name
	}
	for i := range out.Events {
		u := &out.Events[i].Usage
		usd, ok := want[call{u.Model, u.InputTokens, u.OutputTokens}]
		delete(want, call{u.Model, u.InputTokens, u.OutputTokens})
		switch {
		case !ok || math.IsNaN(usd):
			if u.CostKnown || u.CostUSD != 0 {
				t.Errorf("%q, %d and %d tokens: costs %v, want it unknown", u.Model, u.InputTokens, u.OutputTokens, u.CostUSD)
			}
		case !u.CostKnown || math.Abs(u.CostUSD-usd) > 1e-12:
			t.Errorf("%q, %d and %d tokens: got %v, %v, want %v", u.Model, u.InputTokens, u.OutputTokens, u.CostUSD, u.CostKnown, usd)
		}
	}
	for c := range want {
		t.Errorf("no call of %q with %d and %d tokens", c.model, c.input, c.output)
	}
}
