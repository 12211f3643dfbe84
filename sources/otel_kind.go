package sources

import (
	"strings"

	"whence/correlate"
)

// otelKind is what a span tells of.
type otelKind uint8

const (
	otelOther otelKind = iota
	otelModel
	otelTool
	// otelAgent is an agent or a workflow that was asked to do something: what it does
	// is in spans of their own, and so are the tokens, which it may tell of in sum.
	otelAgent
	otelRead // asks a server what it has
)

func (k otelKind) class() correlate.Class {
	switch k {
	case otelTool:
		return correlate.Tool
	case otelRead:
		return correlate.Read
	}
	return correlate.Model
}

// otelOperations are the operations of the conventions, and the span kinds of
// OpenInference, Traceloop and LangSmith, in lower case.
var otelOperations = map[string]otelKind{
	"chat": otelModel, "text_completion": otelModel, "generate_content": otelModel, "embeddings": otelModel,
	"completion": otelModel, "llm": otelModel, "embedding": otelModel, "rerank": otelModel, "reranker": otelModel,
	"execute_tool": otelTool, "tool": otelTool,
	"invoke_agent": otelAgent, "create_agent": otelAgent, "invoke_workflow": otelAgent, "agent": otelAgent, "workflow": otelAgent,
}

// what tells the kind of a span or event, and the action it is.
func (s *otelScratch) what() (otelKind, string) {
	l := &s.labels
	if event := l.text(labelEvent); s.rec.isLog {
		return s.kinds.of(event, otelEvent), s.actions.of(event, strings.Clone)
	}
	if method := l.text(labelMCPMethod); l.rank(labelMCPMethod) == 1 || l.text(labelMCPSession) != "" {
		return s.kinds.of(method, otelMCP), s.out.text.Join("mcp.", s.out.short(method))
	}
	op := l.text(labelOperation)
	kind := s.kinds.of(op, otelOperation)
	switch {
	case kind != otelOther:
	case l.text(labelTool) != "" && l.text(labelServed) == "":
		kind, op = otelTool, "execute_tool"
	case l.text(labelProvider) != "" && (l.text(labelServed) != "" || l.text(labelAsked) != ""):
		kind, op = otelModel, "chat"
	default:
		return otelOther, ""
	}
	return kind, s.actions.of(op, otelAction)
}

func otelAction(op string) string {
	op = strings.ToLower(op)
	switch op {
	case "tool", "ai.toolcall":
		op = "execute_tool"
	case "llm":
		op = "chat"
	case "agent":
		op = "invoke_agent"
	case "embedding":
		op = "embeddings"
	}
	return "genai." + op
}

// otelOperation reads an operation. Of Vercel's pairs of spans, ai.generateText and
// ai.generateText.doGenerate, the inner one is the call.
func otelOperation(op string) otelKind {
	op = strings.ToLower(op)
	switch {
	case op == "ai.toolcall":
		return otelTool
	case strings.HasPrefix(op, "ai.") && strings.Contains(op, ".do"):
		return otelModel
	case strings.HasPrefix(op, "ai."):
		return otelAgent
	}
	return otelOperations[op]
}

func otelMCP(method string) otelKind {
	switch method {
	case "tools/call":
		return otelTool
	case "sampling/createMessage":
		return otelModel
	case "resources/read", "prompts/get", "tools/list", "resources/list", "prompts/list", "initialize":
		return otelRead
	}
	return otelOther // notifications and pings
}

// otelEvent reads the name of a log event: those of the conventions, Claude Code,
// Gemini CLI and Codex.
func otelEvent(name string) otelKind {
	_, what, _ := strings.Cut(name, ".")
	switch {
	case strings.HasPrefix(name, "gen_ai."):
		if name == "gen_ai.client.inference.operation.details" {
			return otelModel
		}
	case !strings.HasPrefix(name, "claude_code.") && !strings.HasPrefix(name, "gemini_cli.") && !strings.HasPrefix(name, "codex."):
	case what == "api_request", what == "api_error", what == "api_response":
		return otelModel
	case what == "tool_result", what == "tool_call":
		return otelTool
	case what == "user_prompt", what == "config", what == "conversation_starts":
		return otelAgent
	}
	return otelOther
}
