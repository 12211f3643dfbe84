package sources

import (
	"math"
	"testing"

	"whence/correlate"
	"whence/sources/prices"
)

// TestAzureOpenAICost: calls cost what the list of prices says of the model that
// answered, and an unknown amount, never nothing, where it says nothing of it.
func TestAzureOpenAICost(t *testing.T) {
	out := Batch{Prices: prices.NewBook(prices.Default())}
	for _, name := range []string{azureOpenAIName, apimLLMName} {
		s, _ := Find(name)
		for _, f := range fixtures(t, name) {
			for _, in := range f.inputs {
				s.DecodeRecord(in, &out)
			}
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
		{"house-model-2026-01-01", 50, 20}:    math.NaN(),        // in no list
		{"gpt-4.1", 70, 10}:                   70*2e-6 + 10*8e-6, // and its deployment is called so
		{"chat-prod", 60, 20}:                 math.NaN(),        // a deployment of that name
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

// TestAzureOpenAIOneDeed: what the gateway logs of one call, wherever its lines go, is
// one deed; one line counts, and its tokens count once.
func TestAzureOpenAIOneDeed(t *testing.T) {
	const (
		rest   = `"resourceId":"/SUBSCRIPTIONS/22220000-0000-4000-8000-000000000022/RESOURCEGROUPS/AI/PROVIDERS/MICROSOFT.APIMANAGEMENT/SERVICE/AI-GATEWAY","time":"2026-03-02T08:01:00.5000000Z","correlationId":"0d0d0001","resultType":"Succeeded"`
		caller = `{"category":"GatewayLogs","operationName":"Microsoft.ApiManagement/GatewayLogs",` + rest + `,"properties":{"apimSubscriptionId":"team-shop","responseCode":200,"url":"https://gw.example.com/openai/deployments/chat/chat/completions"}}`
		both   = `{"category":"GatewayLogs","operationName":"Microsoft.ApiManagement/GatewayLogs",` + rest + `,"properties":{"apimSubscriptionId":"team-shop","responseCode":200,"url":"https://gw.example.com/openai/deployments/chat/chat/completions","backendResponseBody":"{\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}"}}`
		llm    = `{"category":"GatewayLlmLogs","operationName":"Microsoft.ApiManagement/GatewayLlmLogs",` + rest + `,"properties":{"modelName":"gpt-4o","deploymentName":"chat","promptTokens":10,"completionTokens":5}}`
		part   = `{"category":"GatewayLlmLogs","operationName":"Microsoft.ApiManagement/GatewayLlmLogs",` + rest + `,"properties":{"sequenceNumber":1}}`
	)
	type line struct{ source, raw string }
	for _, tt := range []struct {
		name   string
		beside bool
		lines  []line
		tokens int64
	}{
		{"answers logged, no tokens counted", false, []line{{azureOpenAIName, both}}, 15},
		{"neither", false, []line{{azureOpenAIName, caller}}, 0},
		{"one topic", true, []line{{apimLLMName, caller}, {apimLLMName, llm}, {apimLLMName, part}}, 15},
		{"one topic, answers logged too", true, []line{{apimLLMName, both}, {apimLLMName, llm}}, 15},
		{"a topic each", true, []line{{azureOpenAIName, caller}, {apimLLMName, llm}}, 15},
		{"a topic each, answers logged too", true, []line{{azureOpenAIName, both}, {apimLLMName, llm}}, 15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := Batch{Beside: func(name string) bool { return tt.beside && name == apimLLMName }}
			for _, l := range tt.lines {
				s, _ := Find(l.source)
				s.DecodeRecord(Input{Raw: []byte(l.raw)}, &out)
			}
			if len(out.Events) != len(tt.lines) {
				t.Fatalf("%d events of %d lines", len(out.Events), len(tt.lines))
			}
			count, tokens := 0, int64(0)
			for i := range out.Events {
				e := &out.Events[i]
				if e.ActionID != out.Events[0].ActionID {
					t.Errorf("%s: another deed", tt.lines[i].source)
				}
				if e.Primary {
					count, tokens = count+1, tokens+e.Usage.InputTokens+e.Usage.OutputTokens
				}
			}
			if count != 1 || tokens != tt.tokens {
				t.Errorf("%d lines count, with %d tokens, want 1 with %d", count, tokens, tt.tokens)
			}
		})
	}
}

func TestAzureOpenAIClass(t *testing.T) {
	for operation, want := range map[string]correlate.Class{
		"ChatCompletions_Create":   correlate.Model,
		"Embeddings_Create":        correlate.Model,
		"Create_Run":               correlate.Model,
		"Create_Thread_And_Run":    correlate.Model,
		"Create_Thread":            correlate.Write,
		"Create_Message":           correlate.Write,
		"Modify_Assistant":         correlate.Write,
		"List_Assistants":          correlate.Read,
		"ListKey":                  correlate.Secret,
		"FineTuningJobs_Create":    correlate.Write,
		"Completions_Create":       correlate.Model,
		"Microsoft.Unknown/Action": correlate.Model,
	} {
		if got := azureOpenAIClass(operation); got != want {
			t.Errorf("%s: got %s, want %s", operation, got, want)
		}
	}
}
