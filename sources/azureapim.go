package sources

import (
	"time"

	"whence/correlate"
)

// apimLLMName is API Management with its log of model calls (GatewayLlmLogs) switched
// on: then a call that went well has two lines, one with the caller and one with the
// tokens. They come in one topic, or in one each, the callers' in one of azure.openai.
const apimLLMName = "azure.apim_llm"

var _ = register(Source{
	Name:     apimLLMName,
	Kinds:    apimKinds(),
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(apimLLMName),
	Decode:   azureOpenAIFormat(apimLLMName).decode,
})

func apimKinds() []correlate.KindInfo {
	return []correlate.KindInfo{{
		Kind: APIMRequest, Life: time.Hour, Best: correlate.Issued,
		Hint: "does API Management log its requests too (category GatewayLogs), and not only what models answered?",
	}}
}

// request is what all lines of one request to API Management share.
func (s *azureOpenAICall) request(out *Batch) correlate.Key {
	if s.Correlation == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: APIMRequest, Value: out.text.Join(s.place.name, "/", s.Correlation)}
}

// join leads from the line with the tokens of a call to the one with the caller. Both tell
// of one deed.
func (s *azureOpenAICall) join(e *correlate.Event, k correlate.Key, timed bool, out *Batch) {
	if k.IsZero() {
		return
	}
	s.oneCounts(e, out)
	switch {
	case s.Category.text == llmCategory:
		out.acted(e, k, "azure.apim.correlation_id")
	case timed && e.Outcome == correlate.Success && e.Actor.Type != correlate.Unknown:
		out.fact(e, correlate.Account, k, correlate.Issued, "azure.apim.gateway_log").Principal = e.Actor
	}
}

// oneCounts says which of the lines of one call counts: where tokens are logged, the line
// that has them. A call that went wrong has none, and long prompts and answers have
// lines of their own, with nothing else in them.
func (s *azureOpenAICall) oneCounts(e *correlate.Event, out *Batch) {
	switch p := &s.Properties; {
	case s.Category.text == llmCategory:
		e.Primary = e.Outcome == correlate.Success && (p.LLM != "" || p.Model != "" || p.Prompt > 0)
	case e.Outcome == correlate.Success:
		e.Primary = e.Source != apimLLMName && !out.beside(apimLLMName)
	}
}
