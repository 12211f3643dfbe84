package sigma

import (
	"strings"

	"whence/correlate"
)

func gcpLog() *log {
	return &log{
		source: "gcp.audit", product: "gcp", services: []string{"gcp.audit"},
		open: words(`insertId labels logName operation protoPayload receiveTimestamp resource severity timestamp`),
		fields: map[string]field{
			"gcp.audit.method_name":           {event: action, gate: true},
			"protopayload.methodname":         {event: action, gate: true},
			"data.protopayload.methodname":    {event: action, gate: true},
			"data.protopayload.logname":       {paths: []string{"logName"}},
			"data.protopayload.resource.type": {paths: []string{"resource.type"}},
			"gcp.audit.service_name":          at("protoPayload.serviceName"),
			"gcp.audit.resource_name":         at("protoPayload.resourceName"),
		},
		token: action,
	}
}

// workspaceLog is what the Reports API tells of an application of Workspace.
func workspaceLog(application string) *log {
	service := func(*correlate.Event) string { return application + ".googleapis.com" }
	return &log{
		source: "google_workspace", product: "gcp", services: []string{"google_workspace." + application},
		fields: map[string]field{
			"eventservice":                          {event: service},
			"protopayload.servicename":              {event: service},
			"eventname":                             {event: action, gate: true},
			"protopayload.metadata.event.eventname": {event: action, gate: true},
			"setting_name":                          {paths: []string{"events.parameters"}, param: "SETTING_NAME"},
			"new_value":                             {paths: []string{"events.parameters"}, param: "NEW_VALUE"},
			"old_value":                             {paths: []string{"events.parameters"}, param: "OLD_VALUE"},
			"application_name":                      {paths: []string{"events.parameters"}, param: "APPLICATION_NAME"},
		},
		token: action,
	}
}

// workspaceCloudLog is the same as Cloud Logging tells it.
func workspaceCloudLog(application string) *log {
	return &log{
		source: "gcp.audit", product: "gcp", services: []string{"google_workspace." + application},
		open: words(`insertId logName protoPayload resource severity timestamp`),
		fields: map[string]field{
			"eventservice":     at("protoPayload.serviceName"),
			"eventname":        at("protoPayload.metadata.event.eventName"),
			"setting_name":     {paths: []string{"protoPayload.metadata.event.parameter"}, param: "SETTING_NAME"},
			"new_value":        {paths: []string{"protoPayload.metadata.event.parameter"}, param: "NEW_VALUE"},
			"old_value":        {paths: []string{"protoPayload.metadata.event.parameter"}, param: "OLD_VALUE"},
			"application_name": {paths: []string{"protoPayload.metadata.event.parameter"}, param: "APPLICATION_NAME"},
		},
	}
}

// Entra's and Azure's logs come from Azure Monitor, with their content in
// "properties", or from Graph, without that around it. Rules use the names of either
// and those of the columns that Log Analytics makes of them.

func monitor(path string) field { return at("properties."+path, path) }

func entraAuditLog() *log {
	targets := monitor("targetResources")
	return &log{
		source: "entra.audit", product: "azure", services: []string{"auditlogs"},
		fields: map[string]field{
			"operationname":                      {event: action, gate: true},
			"activitydisplayname":                {event: action, gate: true},
			"activitytype":                       {event: action, gate: true},
			"properties.message":                 {event: action, gate: true},
			"loggedbyservice":                    monitor("loggedByService"),
			"category":                           at("properties.category", "category"),
			"status":                             {event: outcome},
			"result":                             {event: outcome},
			"resultreason":                       monitor("resultReason"),
			"failure_status_reason":              monitor("resultReason"),
			"initiatedby":                        monitor("initiatedBy"),
			"targetresources":                    targets,
			"properties.targetresources":         targets,
			"targetresources.type":               monitor("targetResources.type"),
			"targetresources.displayname":        monitor("targetResources.displayName"),
			"targetresources.modifiedproperties": monitor("targetResources.modifiedProperties"),
			"targetresources.modifiedproperties.displayname":         monitor("targetResources.modifiedProperties.displayName"),
			"targetresources.modifiedproperties.newvalue":            monitor("targetResources.modifiedProperties.newValue"),
			"targetresources.modifiedproperties.oldvalue":            monitor("targetResources.modifiedProperties.oldValue"),
			"additionaldetails.additionalinfo":                       monitor("additionalDetails.value"),
			"additionaldetails":                                      monitor("additionalDetails"),
			"consentcontext.isadminconsent":                          {paths: []string{"properties.targetResources.modifiedProperties", "targetResources.modifiedProperties"}, param: "ConsentContext.IsAdminConsent"},
			"properties.targetresources.modifiedproperties":          monitor("targetResources.modifiedProperties"),
			"properties.initiatedby.user.userprincipalname":          monitor("initiatedBy.user.userPrincipalName"),
			"initiatedby.user.userprincipalname":                     monitor("initiatedBy.user.userPrincipalName"),
			"initiatedby.app.displayname":                            monitor("initiatedBy.app.displayName"),
			"properties.additionaldetails":                           monitor("additionalDetails"),
			"properties.targetresources.modifiedproperties.newvalue": monitor("targetResources.modifiedProperties.newValue"),
		},
		token: action,
	}
}

// outcome is how the event ended, in the words of Entra's logs.
func outcome(e *correlate.Event) string {
	if e.Outcome == correlate.Denied {
		return string(correlate.Failure)
	}
	return string(e.Outcome)
}

func entraSigninLog() *log {
	// Log Analytics shows a sign-in's status as one text; the log gives a code and words.
	status := at("properties.status.additionalDetails", "status.additionalDetails", "properties.status.failureReason", "status.failureReason")
	status.event = outcome
	return &log{
		source: "entra.signin", product: "azure", services: []string{"signinlogs"},
		fields: map[string]field{
			"status":                    status,
			"resulttype":                {event: signinCode, gate: true},
			"resultdescription":         at("resultDescription", "properties.status.failureReason", "status.failureReason"),
			"useragent":                 {event: agent},
			"resourcedisplayname":       monitor("resourceDisplayName"),
			"conditionalaccessstatus":   monitor("conditionalAccessStatus"),
			"authenticationrequirement": monitor("authenticationRequirement"),
			"networklocationdetails":    monitor("networkLocationDetails"),
			"devicedetail.deviceid":     monitor("deviceDetail.deviceId"),
			"devicedetail.trusttype":    monitor("deviceDetail.trustType"),
			"devicedetail.iscompliant":  monitor("deviceDetail.isCompliant"),
			"clientapp":                 monitor("clientAppUsed"),
			"clientappused":             monitor("clientAppUsed"),
			"appid":                     monitor("appId"),
			"appdisplayname":            monitor("appDisplayName"),
			"location":                  monitor("location.countryOrRegion"),
			"risklevelaggregated":       monitor("riskLevelAggregated"),
			"riskstate":                 monitor("riskState"),
			"userprincipalname":         monitor("userPrincipalName"),
			"usertype":                  monitor("userType"),
			// The portal's name of the grant that a sign-in was made by.
			"properties.message": {
				paths: []string{"properties.authenticationProtocol", "authenticationProtocol"},
				words: map[string]string{"device code": "deviceCode"},
			},
		},
		token: signinCode,
	}
}

// signinCode is the code that the decoder puts before the words of a sign-in that
// failed; one that did not has 0.
func signinCode(e *correlate.Event) string {
	if e.Outcome == correlate.Success {
		return "0"
	}
	code, _, _ := strings.Cut(e.Error, ":")
	return code
}

// provider is the resource provider, which operations are named after.
func provider(e *correlate.Event) string {
	before, _, _ := strings.Cut(e.Action, "/")
	return before
}

func azureActivityLog() *log {
	return &log{
		source: "azure.activity", product: "azure", services: []string{"activitylogs"},
		open: words(`authorization caller category channels claims correlationId eventDataId eventName eventTimestamp httpRequest identity level
			location operationId operationName properties resourceGroupName resourceId resourceProviderName resourceType resultDescription
			resultSignature resultType status subStatus subscriptionId tenantId time`),
		fields: map[string]field{
			"operationname":         {event: action, gate: true},
			"operationnamevalue":    {event: action, gate: true},
			"properties.message":    {event: action, gate: true},
			"categoryvalue":         at("category.value", "category"),
			"resourceprovidervalue": {event: provider},
			"activitystatus":        at("resultType", "status.value", "status"),
			"activitystatusvalue":   at("resultType", "status.value", "status"),
		},
		token: action,
	}
}
