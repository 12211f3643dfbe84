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

// bitwardenNames are the types of events by their numbers. Others keep the number.
var bitwardenNames = map[string]string{
	"1000": "user_logged_in", "1001": "user_changed_password", "1002": "user_enabled_two_step", "1003": "user_disabled_two_step", "1004": "user_recovered_account",
	"1005": "user_failed_login", "1006": "user_failed_two_step", "1007": "user_exported_vault", "1008": "user_updated_temporary_password",
	"1100": "item_created", "1101": "item_edited", "1102": "item_deleted", "1103": "item_attachment_created", "1104": "item_attachment_deleted",
	"1105": "item_shared", "1106": "item_collections_edited", "1107": "item_viewed", "1108": "item_password_viewed",
	"1109": "item_hidden_field_viewed", "1110": "item_security_code_viewed", "1111": "item_password_copied", "1112": "item_hidden_field_copied",
	"1113": "item_security_code_copied", "1114": "item_autofilled", "1115": "item_soft_deleted", "1116": "item_restored", "1117": "item_card_number_viewed",
	"1300": "collection_created", "1301": "collection_edited", "1302": "collection_deleted",
	"1400": "group_created", "1401": "group_edited", "1402": "group_deleted",
	"1500": "member_invited", "1501": "member_confirmed", "1502": "member_edited", "1503": "member_removed", "1504": "member_groups_edited",
	"1505": "member_sso_unlinked", "1506": "member_enrolled_in_recovery", "1507": "member_withdrew_from_recovery", "1508": "member_password_reset",
	"1509": "member_sso_link_reset", "1510": "member_first_sso_login", "1511": "member_revoked", "1512": "member_restored",
	"1513": "member_device_approved", "1514": "member_device_refused", "1515": "member_deleted", "1516": "member_left",
	"1600": "organization_edited", "1601": "organization_vault_purged", "1602": "organization_exported_vault", "1603": "organization_vault_accessed",
	"1604": "organization_sso_enabled", "1605": "organization_sso_disabled", "1606": "organization_key_connector_enabled",
	"1607": "organization_key_connector_disabled", "1700": "policy_edited",
	"2100": "secret_retrieved", "2101": "secret_created", "2102": "secret_edited", "2103": "secret_deleted",
}

func bitwardenMeaningOf(kind string) bitwardenMeaning {
	m := bitwardenMeaning{action: "bitwarden." + cmp.Or(bitwardenNames[kind], kind), class: correlate.Admin, outcome: correlate.Success}
	switch kind {
	case "1107", "1108", "1109", "1110", "1111", "1112", "1113", "1114", "1117", "2100", "1007", "1602", "1603":
		m.class = correlate.Secret
	case "1000", "1005", "1006", "1010", "1510":
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
