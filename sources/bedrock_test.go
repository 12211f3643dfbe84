package sources

import (
	"math"
	"strings"
	"testing"
	"time"

	"whence/correlate"
	"whence/sources/prices"
)

// TestBedrockCost: what the line does not say the list of prices does, for models it
// has.
func TestBedrockCost(t *testing.T) {
	s, _ := Find(bedrockName)
	out := Batch{Prices: prices.NewBook(prices.Default())}
	for _, f := range fixtures(t, bedrockName) {
		for _, in := range f.inputs {
			s.DecodeRecord(in, &out)
		}
	}
	want := map[string]float64{
		"claude-3-haiku":    .00025 + .00006 + .0005,
		"claude-sonnet-4-5": 571*3e-6 + 281*15e-6,
		"claude-haiku-4-5":  10e-6 + 20*5e-6,
		"nova-pro":          100*.8e-6 + 50*3.2e-6,
		"mistral-large":     5*2e-6 + 7*6e-6,
	}
	seen := 0
	for i := range out.Events {
		e := &out.Events[i]
		for name, usd := range want {
			if strings.Contains(e.Usage.Model, name) && e.Usage.OutputTokens > 0 {
				seen++
				if !e.Usage.CostKnown || math.Abs(e.Usage.CostUSD-usd) > 1e-12 {
					t.Errorf("%s: got %v, %v, want %v", e.Usage.Model, e.Usage.CostUSD, e.Usage.CostKnown, usd)
				}
			}
		}
		if strings.Contains(e.Usage.Model, "nobody") && (e.Usage.CostKnown || e.Usage.CostUSD != 0) {
			t.Errorf("%s costs %v", e.Usage.Model, e.Usage.CostUSD)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d models were priced", seen, len(want))
	}
}

// TestBedrockBesideCloudTrail: where both logs are read, a call is one action, of
// which the line with the tokens is primary, and CloudTrail says who made it. Where
// only CloudTrail is, its line stands for the call.
func TestBedrockBesideCloudTrail(t *testing.T) {
	const call = `{"eventVersion":"1.11","eventID":"e1","eventTime":"2026-03-02T09:00:00Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.10","recipientAccountId":"123456789012","requestID":"1f0e9644-95a1-4c3c-892f-b51372320d01","readOnly":true,"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:s","arn":"arn:aws:sts::123456789012:assumed-role/support-bot/s","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE000000001","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::123456789012:role/support-bot","userName":"support-bot"}}},"requestParameters":{"modelId":"m"},"responseElements":null}`
	const line = `{"schemaType":"ModelInvocationLog","timestamp":"2026-03-02T09:00:00Z","accountId":"123456789012","identity":{"arn":"arn:aws:sts::123456789012:assumed-role/support-bot/s"},"region":"eu-central-1","requestId":"1f0e9644-95a1-4c3c-892f-b51372320d01","operation":"Converse","modelId":"m"}`
	trail, _ := Find(cloudtrailName)
	bedrock, _ := Find(bedrockName)
	var both Batch
	both.Beside = func(name string) bool { return name == bedrockName }
	trail.DecodeRecord(Input{Raw: []byte(call)}, &both)
	bedrock.DecodeRecord(Input{Raw: []byte(line)}, &both)
	c, b := &both.Events[0], &both.Events[1]
	if c.ActionID != b.ActionID || c.Primary || !b.Primary {
		t.Errorf("actions %s and %s, primary %v and %v", c.ActionID, b.ActionID, c.Primary, b.Primary)
	}
	if len(c.Mints) != 1 || c.Mints[0].Key != b.Key() || c.Mints[0].Parents[0].Key.Value != "ASIAEXAMPLE000000001" || c.Mints[0].Parents[0].Proof != correlate.Issued {
		t.Errorf("CloudTrail tells %+v, Bedrock asks for %s", c.Mints, b.Key())
	}
	if c.Actor.ID != b.Actor.ID || c.Actor.Names[0] != b.Actor.Names[0] {
		t.Errorf("one caller has two names: %+v and %+v", c.Actor, b.Actor)
	}
	var alone Batch
	trail.DecodeRecord(Input{Raw: []byte(call)}, &alone)
	if e := &alone.Events[0]; !e.Primary || len(e.Mints) != 0 || e.ActionID != e.ID {
		t.Errorf("alone: primary %v, %d facts", e.Primary, len(e.Mints))
	}
	if info := Kinds(trail)[AWSRequest]; info.Life < time.Minute {
		t.Errorf("a request lives %v", info.Life)
	}
}

func bedrockLines(t testing.TB) []Input {
	var lines []Input
	for _, f := range fixtures(t, bedrockName) {
		for _, in := range f.inputs {
			if strings.HasPrefix(string(in.Raw), `{"schemaType"`) {
				lines = append(lines, in)
			}
		}
	}
	return lines
}

func BenchmarkDecodeBedrock(b *testing.B) { benchDecode(b, bedrockName, bedrockLines(b)) }

func TestBedrockAllocatesNothing(t *testing.T) { allocatesNothing(t, bedrockName, bedrockLines(t)) }
