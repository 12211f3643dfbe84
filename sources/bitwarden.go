package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The event log of a Bitwarden organisation. Its actions are numbers; those that
// matter most have names here. https://bitwarden.com/help/event-logs/
const bitwardenEvents = "bitwarden.events"

var _ = register(Source{
	Name: bitwardenEvents, Lateness: 15 * time.Minute, // clients send uses of items now and then
	Detect: func(v Value) bool {
		is := func(v Value) bool { return v.Text("object") == "event" && v.Has("type", "date", "actingUserId") }
		return is(v) || v.Text("object") == "list" && is(v.Member("data"))
	},
	Decode: bitwardenFormat.decode,
})

var bitwardenFormat = format[bitwardenLine]{
	table: scan.Of[bitwardenLine](),
	inner: func(l *bitwardenLine) scan.Raw {
		if l.Data.IsList() {
			return l.Data
		}
		return nil
	},
	line: bitwardenDecode,
}

type bitwardenLine struct {
	Order      scan.Order
	Data       scan.Raw `json:"data"` // of a page
	meanings   words[bitwardenMeaning]
	Object     string   `json:"object"`
	Type       scan.Raw `json:"type"`
	Date       string   `json:"date"`
	IP         string   `json:"ipAddress"`
	Acting     string   `json:"actingUserId"`
	Item       string   `json:"itemId"`
	Secret     string   `json:"secretId"`
	Collection string   `json:"collectionId"`
	Group      string   `json:"groupId"`
	Policy     string   `json:"policyId"`
	Member     string   `json:"memberId"`
	Service    string   `json:"serviceAccountId"`
}

type bitwardenMeaning struct {
	action  string
	class   correlate.Class
	outcome correlate.Outcome
}

func bitwardenDecode(in Input, raw []byte, l *bitwardenLine, out *Batch) {
	kind := l.Type.Loose(&out.text)
	if l.Object != "event" || kind == "" {
		out.reject(raw, correlate.RejectSource, "not an event of Bitwarden: object is not event, or there is no type")
		return
	}
	e := out.begin(bitwardenEvents, in.Scope, "", raw)
	in.dated(e, firstTime(l.Date))
	m := l.meanings.of(kind, bitwardenMeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, m.outcome
	if e.Outcome != correlate.Success {
		e.Error = "failed"
	}
	e.Context.IP, e.Context.Account = l.IP, in.Scope
	out.touched(e, "bitwarden.item", l.Item)
	out.touched(e, "bitwarden.secret", l.Secret)
	out.touched(e, "bitwarden.collection", l.Collection)
	out.touched(e, "bitwarden.group", l.Group)
	out.touched(e, "bitwarden.policy", l.Policy)
	if l.Member != l.Acting {
		out.touched(e, "bitwarden.member", l.Member)
	}
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(l.Acting, l.Service), Issuer: "bitwarden"}
	switch {
	case p.ID == "":
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "bitwarden"}
		return
	case l.Acting == "":
		p.Type = correlate.ServiceAccount
	}
	e.Actor = out.named(p, out.text.Join("bitwarden:", p.ID))
	if e.Outcome != correlate.Success {
		out.asked(e, &e.Actor, correlate.Claimed, "bitwarden.claimed_login")
		return
	}
	out.asked(e, &e.Actor, correlate.Attested, "bitwarden.acting_user")
}

var bitwardenNames = map[string]string{
	"1000": "user_logged_in", "1001": "user_changed_password", "1002": "user_enabled_two_step", "1003": "user_disabled_two_step", "1004": "user_recovered_account",
	"1005": "user_failed_login", "1006": "user_failed_two_step", "1007": "user_exported_vault", "1107": "item_viewed", "1108": "item_password_viewed",
	"1109": "item_hidden_field_viewed", "1110": "item_security_code_viewed", "1111": "item_password_copied", "1112": "item_hidden_field_copied",
	"1113": "item_security_code_copied", "1114": "item_autofilled", "1100": "item_created", "1101": "item_edited", "1102": "item_deleted", "1115": "item_soft_deleted",
	"1600": "organization_edited", "1602": "organization_exported_vault", "2100": "secret_retrieved", "2101": "secret_created", "2102": "secret_edited", "2103": "secret_deleted",
}

func bitwardenMeaningOf(kind string) bitwardenMeaning {
	m := bitwardenMeaning{action: "bitwarden." + cmp.Or(bitwardenNames[kind], kind), class: correlate.Admin, outcome: correlate.Success}
	switch kind {
	case "1107", "1108", "1109", "1110", "1111", "1112", "1113", "1114", "2100", "1007", "1602":
		m.class = correlate.Secret
	case "1000", "1005", "1006", "1010":
		m.class = correlate.Auth
	default:
		if strings.HasPrefix(kind, "11") || strings.HasPrefix(kind, "21") {
			m.class = correlate.Write
		}
	}
	if kind == "1005" || kind == "1006" {
		m.outcome = correlate.Failure
	}
	return m
}
