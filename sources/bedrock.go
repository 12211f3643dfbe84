package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/prices"
	"whence/sources/scan"
)

// bedrockName is Amazon Bedrock's log of model invocations: what was asked of a model
// and what it answered, of which only the counts are read. It names the caller's
// ARN, and no key, address or client; CloudTrail has those, under the same request id:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html.
const bedrockName = "aws.bedrock_invocation"

var _ = register(Source{
	Name:     bedrockName,
	Lateness: 5 * time.Minute,
	Detect:   func(v Value) bool { return inEnvelope(v, bedrockIs) },
	Decode:   bedrockFormat.decode,
})

func bedrockIs(v Value) bool {
	return v.Text("schemaType") == bedrockSchema || v.Has("modelId", "requestId", "operation", "identity")
}

// bedrockSchema is the schemaType of every line.
const bedrockSchema = "ModelInvocationLog"

// bedrockScratch is what the decoder uses again.
type bedrockScratch struct {
	bedrockLine
	body    bedrockBody
	said    cloudtrailRecord // empty but for the identity
	labels  labels
	actions words[string]
}

// bedrockLine is what is read of a line, or an envelope.
type bedrockLine struct {
	Order     scan.Order
	Schema    string `json:"schemaType"`
	Timestamp string `json:"timestamp"`
	Account   string `json:"accountId"`
	Region    string `json:"region"`
	RequestID string `json:"requestId"`
	Operation string `json:"operation"`
	ModelID   string `json:"modelId"`
	ErrorCode string `json:"errorCode"`
	Identity  struct {
		ARN string `json:"arn"`
	} `json:"identity"`
	Input struct {
		Tokens     int64 `json:"inputTokenCount"`
		CacheRead  int64 `json:"cacheReadInputTokenCount"`
		CacheWrite int64 `json:"cacheWriteInputTokenCount"`
	} `json:"input"`
	Output struct {
		Tokens int64    `json:"outputTokenCount"`
		Body   scan.Raw `json:"outputBodyJson"`
	} `json:"output"`
	// Metadata is what the caller put into requestMetadata.
	Metadata scan.Raw `json:"requestMetadata"`
	envelope
}

var bedrockFormat = &format[bedrockScratch]{table: scan.Of[bedrockScratch](), inner: (*bedrockScratch).inner, line: bedrockRead}

// inner is what an envelope holds: of a line it is nil.
func (s *bedrockScratch) inner() scan.Raw {
	if s.Schema == "" && s.ModelID == "" {
		return s.envelope.inner()
	}
	return nil
}

func bedrockRead(in Input, raw []byte, s *bedrockScratch, out *Batch) {
	r := &s.bedrockLine
	if r.Schema == "" && r.ModelID == "" {
		out.reject(raw, correlate.RejectSource, "neither schemaType nor modelId: not a line of Bedrock's invocation log")
		return
	}
	at, ok := looseTime(r.Timestamp)
	if !ok {
		at = in.arrival()
	}
	hash := out.hash(raw)
	eventID := r.RequestID
	if eventID == "" {
		eventID = out.text.Join("sha256:", hash)
	}
	out.Events = append(out.Events, correlate.Event{
		ID: out.sums.ID(bedrockName, r.Account, r.Region, eventID), EventID: eventID, Time: at, Primary: true,
		Action: s.actions.of(cmp.Or(r.Operation, "InvokeModel"), bedrockAction), Class: correlate.Model,
		Context:  correlate.Context{Account: r.Account, Region: r.Region},
		Evidence: correlate.Evidence{SHA256: hash},
	})
	e := &out.Events[len(out.Events)-1]
	e.ActionID = e.ID
	if r.RequestID != "" {
		e.ActionID = out.awsRequestDeed(r.Account, r.Region, r.RequestID)
	}
	e.Outcome, e.Error = r.outcome()
	s.touch(e, out)
	s.walk(e, out)
}

func bedrockAction(operation string) string { return "bedrock:" + operation }

// awsRequestDeed is the action that a request to Bedrock is, in every log of it.
func (b *Batch) awsRequestDeed(account, region, id string) correlate.ID {
	return b.sums.ID("aws.request", account, region, id)
}

// awsRequest is the key of a request to Bedrock, or the zero key.
func awsRequest(account, region, id string, out *Batch) correlate.Key {
	if account == "" || region == "" || id == "" || len(id) > 128 {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AWSRequest, Value: out.text.Join(account, "/", region, "/", id)}
}

func (r *bedrockLine) outcome() (correlate.Outcome, string) {
	switch r.ErrorCode {
	case "":
		return correlate.Success, ""
	case "AccessDeniedException", "ThrottlingException", "ServiceQuotaExceededException":
		return correlate.Denied, r.ErrorCode
	}
	return correlate.Failure, plainCode(r.ErrorCode)
}

// touch says which model served, and what it took.
func (s *bedrockScratch) touch(e *correlate.Event, out *Batch) {
	r := &s.bedrockLine
	e.Usage.Model = cloudtrailModel(r.ModelID)
	if r.ModelID != "" {
		e.Resources = out.resources.Append(nil, correlate.Resource{Type: "aws.bedrock.model", ID: r.ModelID})
	}
	t := prices.Tokens{
		Input: tokens(r.Input.Tokens), CacheRead: tokens(r.Input.CacheRead), CacheWrite: tokens(r.Input.CacheWrite), Output: tokens(r.Output.Tokens),
	}
	opaque := bedrockOpaque(r.ModelID)
	if opaque || t == (prices.Tokens{}) {
		s.readBody(out)
		if served := cmp.Or(s.body.Model, s.body.Message.Model); opaque && served != "" {
			e.Usage.Model = cloudtrailModel(served)
		}
		if u := &s.body.Usage; t == (prices.Tokens{}) {
			t = prices.Tokens{Input: tokens(u.Input), CacheRead: tokens(u.CacheRead), CacheWrite: tokens(u.CacheWrite), Output: tokens(u.Output)}
		}
	}
	out.price(e, t)
}
