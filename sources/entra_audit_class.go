package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// class goes by the category, and by what was done where that changes it.
func (s *entraAudit) class(d *entraAuditDetail) correlate.Class {
	switch d.OpType {
	case "View", "Read":
		return correlate.Read
	}
	category := s.Properties.Category
	if category == "" {
		category = s.Category.text // of Graph
	}
	if d.Action != "" {
		category = "UserManagement" // provisioning
	}
	return s.classes.of(category, entraAuditClass)
}

// entraAuditClass is admin where it changes what others may do.
func entraAuditClass(category string) correlate.Class {
	switch category {
	case "UserManagement", "GroupManagement", "Device", "DeviceManagement", "DeviceConfiguration", "Contact", "Label", "Other":
		return correlate.Write
	case "Authentication", "Authenticationmethods", "IdentityProtection":
		return correlate.Auth
	}
	return correlate.Admin
}

func (s *entraAudit) outcome(d *entraAuditDetail) (correlate.Outcome, string) {
	result := cmp.Or(d.Status.Status, d.Result, s.ResultType.text)
	switch {
	case strings.EqualFold(result, "success"), strings.EqualFold(result, "warning"):
		return correlate.Success, ""
	case strings.EqualFold(result, "failure"), strings.EqualFold(result, "timeout"):
		if d.Reason == "" {
			return correlate.Failure, short(result)
		}
		return correlate.Failure, short(d.Reason)
	}
	return correlate.UnknownOutcome, ""
}

// resources are the targets, lent by out.
func (s *entraAudit) resources(d *entraAuditDetail, out *Batch) []correlate.Resource {
	var rs []correlate.Resource
	for i := range d.Targets {
		t := &d.Targets[i]
		if id := cmp.Or(t.ID, t.UPN, t.Name); id != "" {
			rs = out.resources.Append(rs, correlate.Resource{Type: s.types.of(t.Type, entraResourceType), ID: id})
		}
	}
	if d.App.ID != "" {
		rs = out.resources.Append(rs, correlate.Resource{Type: "entra.service_principal", ID: d.App.ID})
	}
	if d.Account.ID != "" {
		rs = out.resources.Append(rs, correlate.Resource{Type: "entra.user", ID: d.Account.ID})
	}
	return rs
}

func entraResourceType(s string) string { return "entra." + oktaSnake(s) }

// request is the id of the request to Privileged Identity Management that the line
// is about, or "": every step of one request has it.
func (s *entraAudit) request(d *entraAuditDetail) string {
	if d.Service != "PIM" && !strings.Contains(d.Activity, "(PIM ") {
		return ""
	}
	if id := d.more("RequestId"); id != "" {
		return id
	}
	for i := range d.Targets {
		if t := &d.Targets[i]; t.Type == "Request" && t.ID != "" {
			return t.ID
		}
	}
	return cmp.Or(s.Properties.Correlation, s.Correlation)
}
