package sources

import (
	"strings"

	"whence/sources/scan"
)

// bedrockBody is what is read of an answer, where the line itself does not say which
// model gave it or what it took: of Claude's answers, of the first chunk of a
// stream, and of Converse.
type bedrockBody struct {
	Order   scan.Order
	Model   string `json:"model"`
	Message struct {
		Model string `json:"model"`
	} `json:"message"`
	Usage struct {
		Input      int64 `json:"inputTokens"`
		Output     int64 `json:"outputTokens"`
		CacheRead  int64 `json:"cacheReadInputTokens"`
		CacheWrite int64 `json:"cacheWriteInputTokens"`
	} `json:"usage"`
	Trace struct {
		Router struct {
			Model string `json:"invokedModelId"`
		} `json:"promptRouter"`
	} `json:"trace"`
}

var bedrockBodies = scan.Of[bedrockBody]()

// readBody reads the answer, or of a stream its first chunk.
func (s *bedrockScratch) readBody(out *Batch) {
	raw := s.bedrockLine.Output.Body
	for first := range raw.Elements() {
		raw = first
		break
	}
	if !raw.IsObject() || bedrockBodies.Read(raw, &s.body, &out.text) != nil {
		s.body = bedrockBody{Order: s.body.Order}
	}
	if routed := s.body.Trace.Router.Model; routed != "" {
		s.body.Model = routed
	}
}

// bedrockOpaque reports whether a model's id does not say which model serves: that of
// an inference profile of the operator's own, a prompt router, or capacity that was
// bought.
func bedrockOpaque(id string) bool {
	path, ok := cloudtrailPath(id)
	return ok && !strings.HasPrefix(path, "foundation-model/") && !strings.HasPrefix(path, "inference-profile/")
}
