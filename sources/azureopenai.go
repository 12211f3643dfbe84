package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/prices"
	"whence/sources/scan"
)

var _ = register(Source{
	Name:     azureOpenAIName,
	Kinds:    apimKinds(),
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(azureOpenAIName),
	Decode:   azureOpenAIFormat(azureOpenAIName).decode,
})

func azureOpenAIFormat(source string) *format[azureOpenAICall] {
	return &format[azureOpenAICall]{
		table: scan.Of[azureOpenAICall](), inner: (*azureOpenAICall).inner,
		line: func(in Input, raw []byte, s *azureOpenAICall, out *Batch) { s.tell(source, in, raw, out) },
	}
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
	places  words[azurePlace] // by resource
	place   azurePlace        // of this line
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

func (s *azureOpenAICall) tell(source string, in Input, raw []byte, out *Batch) {
	if why := s.foreign(source); why != "" {
		out.reject(raw, correlate.RejectSource, why)
		return
	}
	p := &s.Properties
	s.place = s.where(out)
	called := azureDeployment(cmp.Or(p.Backend, p.URL))
	class := s.class(called)
	var request correlate.Key
	if class == correlate.Model && azureGateway(s.Category.text) {
		request = s.request(out)
	}
	e := s.begin(source, in, request, raw, out)
	at, ok := s.at(out)
	timed := in.dated(e, eventTime{at, ok})
	e.Action = cmp.Or(p.Operation, s.Operation.text, s.Category.text)
	e.Class = class
	if e.Outcome = s.outcome(); e.Outcome != correlate.Success && e.Outcome != correlate.UnknownOutcome {
		e.Error = short(cmp.Or(p.Error.Reason, p.Status.text, s.Signature.text))
	}
	out.touched(e, "azure.openai_deployment", cmp.Or(p.Deployment, p.LLM, called))
	out.touched(e, s.place.kind, s.ResourceID)
	c := &e.Context
	c.IP, c.Account, c.Region, c.App = azureIP(s.CallerIP), s.place.subscription, cmp.Or(s.Location.text, s.Region), cmp.Or(p.Product, p.API)
	if class == correlate.Model {
		e.Usage.Model = s.served()
		out.price(e, s.tokens())
	}
	s.who(e, out)
	s.join(e, request, timed, out)
}

// begin appends the event of a line. A correlation id is one request's, but what the
// service and a gateway write of it are different lines: the bytes are the event's id, and
// the request is the deed, if that is known. Hashing one and the other at once saves the
// time of one.
func (s *azureOpenAICall) begin(source string, in Input, request correlate.Key, raw []byte, out *Batch) *correlate.Event {
	scope := cmp.Or(s.tenant(out), in.Scope)
	if request.IsZero() {
		return out.begin(source, scope, "", raw)
	}
	e := out.event()
	e.Evidence.SHA256, e.ActionID = out.hashBoth(raw, string(request.Kind), request.Value)
	e.EventID, e.Line = e.Evidence.SHA256, raw
	e.ID = out.sums.ID(source, scope, e.EventID)
	e.Primary, e.Source, e.Outcome = true, source, correlate.UnknownOutcome
	return e
}

// foreign is why a line is not the source's, or "".
func (s *azureOpenAICall) foreign(source string) string {
	switch category := s.Category.text; {
	case s.ResourceID == "", !azureGateway(category) && (source == apimLLMName || !azureCallsModels(category)):
		return "no log of Azure OpenAI, nor of API Management"
	case source != apimLLMName && category == llmCategory:
		return "tokens as API Management counts them: give the topic the source " + apimLLMName
	}
	return ""
}

// served is the model that answered, if the line tells. Many deployments are called as
// their model. What a deployment is called alone says nothing of it: its name is the
// operator's choice.
func (s *azureOpenAICall) served() string {
	p := &s.Properties
	return cmp.Or(p.Answer.Model, p.Reply.Model, p.Model)
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
