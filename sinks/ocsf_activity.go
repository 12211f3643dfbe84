package sinks

import (
	"math"
	"strings"

	"whence/correlate"
)

// activity writes an API Activity.
func (d *ocsfWriter) activity() {
	d.common(ocsfAPI, crud(d.c))
	d.call()
	d.resources(d.c.Resources)
	if withAI(d.c) {
		d.model()
	}
	if d.c.Context.Trace != "" {
		d.open("trace")
		d.text("uid", d.c.Context.Trace)
		d.end()
	}
}

func (d *ocsfWriter) call() {
	c := d.c
	d.open("api")
	if c.Action != "" {
		d.text("operation", c.Action)
	} else {
		d.word("operation", "unknown")
	}
	d.open("service")
	d.text("name", serviceOf(c))
	d.end()
	if c.EventID != "" {
		d.open("request")
		d.text("uid", c.EventID)
		d.end()
	}
	if c.Error != "" {
		d.open("response")
		d.text("error", c.Error)
		d.end()
	}
	d.end()
}

// serviceOf is what an action is of: s3 of s3:DeleteObject, and else the log itself.
func serviceOf(c *correlate.Chain) string {
	at := strings.IndexByte(c.Action, ':')
	if at > 0 && strings.IndexByte(c.Action[:at], ' ') < 0 {
		return c.Action[:at]
	}
	if c.Source == "" {
		return "unknown"
	}
	return c.Source
}

func (d *ocsfDocument) resources(rs []correlate.Resource) {
	first := true
	for i := range rs {
		r := &rs[i]
		if r.ID == "" && r.Type == "" {
			continue
		}
		if first {
			d.list("resources")
			first = false
		}
		d.begin()
		d.text("uid", r.ID)
		if r.ID == "" {
			d.text("name", r.Type)
		}
		d.text("type", r.Type)
		d.end()
	}
	if !first {
		d.endList()
	}
}

// withAI reports whether an event is of the profile ai_operation.
func withAI(c *correlate.Chain) bool {
	return c.Class == correlate.Model || c.Class == correlate.Tool || c.Usage.Model != ""
}

func (d *ocsfWriter) model() {
	c := d.c
	if c.Usage.Model != "" {
		d.open("ai_model")
		d.text("name", c.Usage.Model)
		d.text("ai_provider", providerOf(c.Source, c.Usage.Model))
		d.end()
	}
	d.open("message_context")
	if c.Class == correlate.Tool {
		d.number("ai_role_id", 3)
		d.word("ai_role", "Tool")
	} else {
		d.number("ai_role_id", 2)
		d.word("ai_role", "Assistant")
	}
	d.open("service")
	d.text("name", serviceOf(c))
	d.end()
	if in, out := c.Usage.InputTokens, c.Usage.OutputTokens; in != 0 || out != 0 {
		d.number("prompt_tokens", in32(in))
		d.number("completion_tokens", in32(out))
		d.number("total_tokens", in32(in32(in)+in32(out)))
	}
	d.end()
}

// in32 keeps a count where tables of OCSF have 32 bits.
func in32(n int64) int64 { return max(0, min(n, math.MaxInt32)) }

// providers say who serves a model: first by what kind of log it is, then, behind a
// gateway, by the model's name.
var (
	providersBySource = []struct{ part, provider string }{
		{"bedrock", "AWS"}, {"aws.", "AWS"}, {"azure", "Microsoft"}, {"gcp.", "Google"}, {"openai", "OpenAI"}, {"anthropic", "Anthropic"},
	}
	providersByModel = []struct{ part, provider string }{
		{"bedrock/", "AWS"}, {"azure/", "Microsoft"}, {"vertex_ai/", "Google"}, {"claude", "Anthropic"}, {"gpt", "OpenAI"},
		{"text-embedding-", "OpenAI"}, {"dall-e", "OpenAI"}, {"whisper", "OpenAI"}, {"gemini", "Google"}, {"nova-", "Amazon"}, {"titan", "Amazon"},
		{"llama", "Meta"}, {"mistral", "Mistral AI"}, {"mixtral", "Mistral AI"}, {"command-", "Cohere"}, {"cohere", "Cohere"}, {"deepseek", "DeepSeek"},
		{"qwen", "Alibaba"}, {"grok", "xAI"},
	}
)

func providerOf(source, model string) string {
	for _, p := range providersBySource {
		if strings.Contains(source, p.part) {
			return p.provider
		}
	}
	for _, p := range providersByModel {
		if strings.Contains(model, p.part) {
			return p.provider
		}
	}
	return "Unknown"
}
