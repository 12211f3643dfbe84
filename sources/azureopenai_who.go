package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// who: the service knows the object that a token is of, and nothing of who called
// with the account's key. API Management knows whose subscription key it was.
func (s *azureOpenAICall) who(e *correlate.Event, out *Batch) {
	p := &s.Properties
	gateway := azureGateway(s.Category.text)
	account := s.place.name
	switch {
	case !gateway && p.Object != "":
		// The line does not say whether it is a person or an application.
		e.Actor = entraUser(out, p.Object, "", "")
		e.Actor.Type = correlate.Unknown
		out.asked(e, &e.Actor, correlate.Attested, "azure.openai.object_id")
	case !gateway:
		e.Actor = correlate.Principal{Type: correlate.APIKey, ID: account, Issuer: "azure.openai"}
		out.asked(e, &e.Actor, correlate.Attested, "azure.openai.account_key")
	case p.Subscription != "":
		e.Actor = correlate.Principal{Type: correlate.APIKey, ID: out.text.Join(account, "/", out.short(p.Subscription)), Issuer: "azure.apim"}
		if p.User != "" {
			e.Actor.Names = out.names.Append(nil, out.text.Join("azure.apim:", account, "/users/", out.short(p.User)))
		}
		out.asked(e, &e.Actor, correlate.Attested, "azure.apim.subscription")
	case p.User != "":
		e.Actor = correlate.Principal{Type: correlate.APIKey, ID: out.text.Join(account, "/users/", out.short(p.User)), Issuer: "azure.apim"}
		out.asked(e, &e.Actor, correlate.Attested, "azure.apim.user")
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "azure.apim"}
	}
}

// azurePlace is what the id of a resource says of it, in lower case.
type azurePlace struct{ kind, name, subscription string }

// where tells the place of the line. A log is of few resources, so it is remembered.
func (s *azureOpenAICall) where(out *Batch) azurePlace {
	if len(s.ResourceID) > maxWordBytes {
		return s.look(out)
	}
	return s.places.of(s.ResourceID, func(string) azurePlace {
		p := s.look(out)
		return azurePlace{strings.Clone(p.kind), strings.Clone(p.name), strings.Clone(p.subscription)}
	})
}

func (s *azureOpenAICall) look(out *Batch) azurePlace {
	return azurePlace{s.types.of(s.ResourceID, out), out.fold(azureLast(s.ResourceID)), s.subscription(out)}
}

// azureDeployment is the deployment in the address of a call.
func azureDeployment(url string) string {
	_, rest, ok := strings.Cut(url, "/deployments/")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[:i]
	}
	return rest
}

// class: API Management fronts any API, and those that are no model's are reads and
// writes. The service's audit category is about its keys. called is the deployment in the
// address, if there is one.
func (s *azureOpenAICall) class(called string) correlate.Class {
	p := &s.Properties
	if s.Category.text == "GatewayLogs" && called == "" && !azureModelURL(p.Backend) && !azureModelURL(p.URL) {
		return correlate.Read
	}
	if s.Category.text == llmCategory {
		return correlate.Model
	}
	return s.classes.of(cmp.Or(p.Operation, s.Operation.text), azureOpenAIClass)
}

func azureModelURL(url string) bool {
	return strings.Contains(url, "/openai/") || strings.Contains(url, "/deployments/") || strings.Contains(url, "/chat/completions") ||
		strings.Contains(url, "/v1/responses") || strings.Contains(url, "/models/")
}

func azureOpenAIClass(operation string) correlate.Class {
	op := strings.ToLower(operation)
	switch {
	case strings.Contains(op, "listkey"), strings.Contains(op, "regeneratekey"):
		return correlate.Secret
	case strings.HasPrefix(op, "list"), strings.HasPrefix(op, "get"), strings.HasSuffix(op, "_list"), strings.HasSuffix(op, "_get"):
		return correlate.Read
	case strings.HasPrefix(op, "create_thread"), strings.HasPrefix(op, "create_message"), strings.HasPrefix(op, "create_assistant"),
		strings.HasPrefix(op, "create_vector"), strings.HasPrefix(op, "modify_"):
		if strings.Contains(op, "run") { // on a thread the model runs
			return correlate.Model
		}
		return correlate.Write
	case strings.Contains(op, "file"), strings.Contains(op, "finetun"), strings.Contains(op, "fine_tun"), strings.Contains(op, "deployment"),
		strings.HasPrefix(op, "delete"), strings.HasPrefix(op, "update"):
		return correlate.Write
	}
	return correlate.Model
}
