package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/prices"
	"whence/sources/scan"
)

var _ = register(Source{
	Name: azureOpenAIName,
	Kinds: []correlate.KindInfo{{
		Kind: APIMRequest, Life: time.Hour, Best: correlate.Issued,
		Hint: "does API Management log its requests too (category GatewayLogs), and not only what models answered?",
	}},
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(azureOpenAIName),
	Decode:   azureOpenAIFormat.decode,
})

var azureOpenAIFormat = &format[azureOpenAICall]{
	table: scan.Of[azureOpenAICall](), inner: (*azureOpenAICall).inner, line: azureOpenAILine,
}

// azureOpenAICall is one request: as the service logs it (who, and no tokens), or as
// API Management in front of it does (tokens, if the answer or its usage is logged).
// Prompts and answers are in the line too, and are not declared, so they are never
// read.
type azureOpenAICall struct {
	Order scan.Order
	azureLine
	Region     string   `json:"Tenant"` // of the service: eastus
	Successful scan.Raw `json:"isRequestSuccess"`
	Properties struct {
		Object     string `json:"objectId"`
		Deployment string `json:"modelDeploymentName"`
		Model      string `json:"modelName"`
		Version    string `json:"modelVersion"`
		azureGatewayCall
	} `json:"properties" scan:"quoted"`

	classes words[correlate.Class]
	types   azureTypes
}

// azureGatewayCall is what API Management says.
type azureGatewayCall struct {
	API          string      `json:"apiId"`
	Operation    string      `json:"operationId"`
	Subscription string      `json:"apimSubscriptionId"`
	User         string      `json:"userId"`
	Product      string      `json:"productId"`
	Status       azureLoose  `json:"responseCode"`
	URL          string      `json:"url"`
	Backend      string      `json:"backendUrl"`
	Answer       azureAnswer `json:"backendResponseBody" scan:"quoted"`
	Reply        azureAnswer `json:"responseBody" scan:"quoted"`
	LLM          string      `json:"deploymentName"`
	Prompt       int64       `json:"promptTokens"`
	Completion   int64       `json:"completionTokens"`
	Error        struct {
		Reason string `json:"reason"`
	} `json:"lastError"`
}

// azureAnswer is the part of a model's answer that says what it took.
type azureAnswer struct {
	Model string `json:"model"`
	Usage struct {
		Prompt     int64 `json:"prompt_tokens"` // the cached ones too
		Completion int64 `json:"completion_tokens"`
		Details    struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	} `json:"usage"`
}

func (a *azureAnswer) tokens() prices.Tokens {
	u := &a.Usage
	t := prices.Tokens{Input: tokens(u.Prompt), Output: tokens(u.Completion)}
	if cached := tokens(u.Details.Cached); cached <= t.Input {
		t.CacheRead, t.Input = cached, t.Input-cached
	}
	return t
}

func azureOpenAILine(in Input, raw []byte, s *azureOpenAICall, out *Batch) {
	if s.ResourceID == "" || !azureOpenAICategories[s.Category.text] && !azureGatewayCategories[s.Category.text] {
		out.reject(raw, correlate.RejectSource, "no log of Azure OpenAI, nor of API Management")
		return
	}
	p := &s.Properties
	// A correlation id is one request's, but what the service and a gateway write of
	// it are different lines: the bytes are the event's id.
	e := out.begin(azureOpenAIName, cmp.Or(s.tenant(out), in.Scope), "", raw)
	at, ok := s.at(out)
	timed := in.dated(e, eventTime{at, ok})
	e.Action = cmp.Or(p.Operation, s.Operation.text, s.Category.text)
	e.Class = s.class()
	if e.Outcome = s.outcome(); e.Outcome != correlate.Success && e.Outcome != correlate.UnknownOutcome {
		e.Error = short(cmp.Or(p.Error.Reason, p.Status.text, s.Signature.text))
	}
	deployment := cmp.Or(p.Deployment, p.LLM, azureDeployment(cmp.Or(p.Backend, p.URL)))
	out.touched(e, "azure.openai_deployment", deployment)
	out.touched(e, s.types.of(s.ResourceID, out), s.ResourceID)
	e.Context = correlate.Context{
		IP: azureIP(s.CallerIP), Account: s.subscription(out), Region: cmp.Or(s.Location.text, s.Region), App: cmp.Or(p.Product, p.API),
	}
	if e.Class == correlate.Model {
		e.Usage.Model = s.served(deployment)
		out.price(e, s.tokens())
	}
	s.who(e, out)
	s.joinLLM(e, timed, out)
}

// joinLLM joins the two lines of a request that API Management writes: one with the
// caller, one with the tokens. A line that has both needs no other.
func (s *azureOpenAICall) joinLLM(e *correlate.Event, timed bool, out *Batch) {
	if s.Correlation == "" || e.Class != correlate.Model || !azureGatewayCategories[s.Category.text] {
		return
	}
	k := correlate.Key{Kind: APIMRequest, Value: out.text.Join(out.fold(azureLast(s.ResourceID)), "/", s.Correlation)}
	switch {
	case s.Category.text == "GatewayLlmLogs":
		out.acted(e, k, "azure.apim.correlation_id")
	case timed && e.Usage.InputTokens == 0 && e.Outcome == correlate.Success && e.Actor.Type != correlate.Unknown:
		out.tell(e, correlate.Fact{Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "azure.apim.gateway_log", Principal: e.Actor})
	}
}

// served is the model that answered, if the line tells. The name of a deployment is
// the operator's choice, and no model.
func (s *azureOpenAICall) served(deployment string) string {
	p := &s.Properties
	model := cmp.Or(p.Answer.Model, p.Reply.Model, p.Model)
	if model == deployment {
		return ""
	}
	return model
}

// tokens are what the call took, as the gateway counted them or the answer says.
func (s *azureOpenAICall) tokens() prices.Tokens {
	p := &s.Properties
	return cmp.Or(
		prices.Tokens{Input: tokens(p.Prompt), Output: tokens(p.Completion)},
		p.Answer.tokens(), p.Reply.tokens(),
	)
}

func (s *azureOpenAICall) outcome() correlate.Outcome {
	if o := azureHTTPOutcome(cmp.Or(s.Properties.Status.text, s.Signature.text)); o != correlate.UnknownOutcome {
		return o
	}
	switch {
	case string(s.Successful) == "false", azureIs(s.ResultType.text, "Failed", "Failure"):
		return correlate.Failure
	}
	return correlate.Success
}
