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

// account is the name of the resource that the line is of, in lower case: of the service,
// or of the gateway.
func (s *azureOpenAICall) account(out *Batch) string {
	if s.name == "" {
		s.name = out.fold(azureLast(s.ResourceID))
	}
	return s.name
}

// request is what all lines of one request to API Management share.
func (s *azureOpenAICall) request(out *Batch) correlate.Key {
	if s.Correlation == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: APIMRequest, Value: out.text.Join(s.account(out), "/", s.Correlation)}
}

// join makes the two lines of one call one deed, and leads from the one with the tokens
// to the one with the caller.
func (s *azureOpenAICall) join(e *correlate.Event, timed bool, out *Batch) {
	k := s.request(out)
	if k.IsZero() {
		return
	}
	e.ActionID = out.sums.ID(string(APIMRequest), k.Value)
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
