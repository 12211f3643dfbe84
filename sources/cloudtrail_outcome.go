package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/sources/scan"
)

// result is how the call ended. Sign-ins say so in words.
func (e *cloudtrailEvent) result() correlate.Outcome {
	switch said := e.said(); {
	case e.EventType == cloudtrailInsight:
		return correlate.UnknownOutcome // it observes, and neither succeeds nor fails
	case e.ErrorCode != "" && e.ErrorCode != "200":
		return cloudtrailFailed(e.ErrorCode)
	case said == "Failure":
		return correlate.Failure
	case said == "Success" || e.ErrorMessage == "" || e.ErrorCode == "200":
		return correlate.Success
	}
	return correlate.Failure
}

// said is the word a sign-in event has for its result: {"ConsoleLogin":"Failure"}.
// It is the name of the event that tells where it is, so these few events are read
// once more.
func (e *cloudtrailEvent) said() string {
	switch e.service.name {
	case "signin", "sso", "sso-oauth":
		if said := &e.d.said; cloudtrailSaids.Read(e.raw, said, &e.out.text) == nil {
			return cmp.Or(e.member(said.Response, e.EventName), e.member(said.Details, e.EventName))
		}
	}
	return ""
}

// member is a member of an object that is text, or empty.
func (e *cloudtrailEvent) member(object scan.Raw, name string) (text string) {
	for n, v := range object.Members(&e.out.text) {
		if n == name {
			text, _ = v.Text(&e.out.text)
		}
	}
	return text
}

// cloudtrailFailed tells a refusal from other errors by its code. Services spell
// it AccessDenied, AccessDeniedException, Client.UnauthorizedOperation ...
func cloudtrailFailed(code string) correlate.Outcome {
	for _, s := range [...]string{"AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError", "Forbidden", "AccessForbidden"} {
		if strings.Contains(code, s) {
			return correlate.Denied
		}
	}
	return correlate.Failure
}

// failure is the error code. Messages repeat what was asked for, so only those
// that are fixed phrases are kept, for sign-ins that fail without a code.
func (e *cloudtrailEvent) failure() string {
	switch {
	case e.outcome == correlate.Success || e.outcome == correlate.UnknownOutcome:
		return ""
	case e.ErrorCode != "":
		return e.ErrorCode
	}
	switch e.ErrorMessage {
	case "Failed authentication", "No username found in supplied account":
		return e.ErrorMessage
	}
	return "failed"
}
