package sources

import "strings"

// The logs that Azure Monitor delivers, often into one event hub.
const (
	entraSigninName   = "entra.signin"         // of people, applications and managed identities
	entraAuditName    = "entra.audit"          // changes to the directory, and PIM
	graphName         = "entra.graph_activity" // calls to Microsoft Graph
	azureActivityName = "azure.activity"       // changes to resources, and the logs of single ones
	keyvaultName      = "azure.keyvault"       // secrets read, keys used
	azureOpenAIName   = "azure.openai"         // model calls, from the service and from API Management
)

// graphCategory is what Graph's lines call themselves.
const graphCategory = "MicrosoftGraphActivityLogs"

// azureCallsModels reports whether a log of the service itself tells of model calls.
func azureCallsModels(category string) bool {
	switch category {
	case "Audit", "RequestResponse", "Trace", "AzureOpenAIRequestUsage":
		return true
	}
	return false
}

// azureGateway reports whether it is a log of what API Management passes on.
func azureGateway(category string) bool { return category == "GatewayLogs" || category == llmCategory }

// llmCategory is the log of tokens that API Management writes beside its own.
const llmCategory = "GatewayLlmLogs"

// azureKind tells the lines of Azure Monitor apart, in one place, so that no line
// is two sources'. It returns the name of the source, or "".
func azureKind(v Value) string {
	if name := azureTenantKind(v.Text("category")); name == entraAuditName && !v.Has("properties") {
		return ""
	} else if name != "" {
		return name
	}
	switch {
	case v.Has("createdDateTime", "conditionalAccessStatus", "resourceDisplayName", "appId"): // as Graph's API gives it
		return entraSigninName
	case v.Has("activityDateTime", "activityDisplayName", "initiatedBy"):
		return entraAuditName
	case !v.Has("operationName") || !v.Has("time") && !v.Has("eventTimestamp"):
		return ""
	}
	return azureResourceKind(v)
}

// azureTenantKind is for what is told apart by its category alone.
func azureTenantKind(category string) string {
	switch category {
	case "SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs", "ADFSSignInLogs",
		"MicrosoftServicePrincipalSignInLogs":
		return entraSigninName
	case graphCategory:
		return graphName
	case "AuditLogs", "ProvisioningLogs":
		return entraAuditName
	}
	return ""
}

// azureResourceKind is for what is told apart by the resource that wrote it.
func azureResourceKind(v Value) string {
	resource, category := strings.ToUpper(v.Text("resourceId")), v.Text("category")
	of := func(provider string) bool { return strings.Contains(resource, "/PROVIDERS/"+provider) }
	switch {
	case of("MICROSOFT.AADIAM") && v.Member("properties").Has("activityDisplayName"):
		return entraAuditName
	case of("MICROSOFT.CONTAINERSERVICE/") && !v.Has("callerIpAddress"):
		return "" // logs of the cluster, not of what was done to it
	case of("MICROSOFT.KEYVAULT/") && category == "AuditEvent":
		return keyvaultName
	case of("MICROSOFT.APIMANAGEMENT/") && category == llmCategory:
		return apimLLMName
	case of("MICROSOFT.COGNITIVESERVICES/") && azureCallsModels(category),
		of("MICROSOFT.APIMANAGEMENT/") && azureGateway(category):
		return azureOpenAIName
	case strings.HasPrefix(resource, "/SUBSCRIPTIONS/"), strings.HasPrefix(resource, "/PROVIDERS/"), strings.HasPrefix(category, "Storage") && v.Has("properties"):
		return azureActivityName
	}
	return ""
}

// elsewhere reports whether a line of the activity log's shape is another source's, or
// of nothing that was done to a resource: the logs of a cluster's own parts.
func (s *azureActivity) elsewhere() bool {
	category, of := s.Category.text, func(provider string) bool {
		return strings.Contains(strings.ToUpper(s.ResourceID), "/PROVIDERS/"+provider)
	}
	switch {
	case s.Properties.Activity != "", azureIs(s.Operation.text, "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read"):
		return true
	case category == "AuditEvent":
		return of("MICROSOFT.KEYVAULT/")
	case azureCallsModels(category):
		return of("MICROSOFT.COGNITIVESERVICES/")
	case azureGateway(category):
		return true
	}
	return azureTenantKind(category) != ""
}

// azureDetect is the Detect of a source of Azure Monitor.
func azureDetect(source string) func(Value) bool {
	is := func(v Value) bool { return azureKind(v) == source }
	return func(v Value) bool { return within(v, is) }
}
