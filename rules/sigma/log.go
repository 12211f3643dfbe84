package sigma

import (
	"cmp"
	"slices"
	"strings"

	sigma "github.com/bradleyjkemp/sigma-go"

	"whence/correlate"
)

// A log says how Sigma's rules call the fields of one of whence's sources.
type log struct {
	source   string
	product  string
	services []string // "" for rules that name none
	// open are the members that a line may have at its top. Rules name what is below
	// them by their path. Nil: only fields are known.
	open []string
	// fields are names that rules use in place of paths, in lower case.
	fields map[string]field
	// token is what an event has in the fields that are gates, which nearly all rules
	// of this log ask about: those that want another value are not looked at. Nil for
	// a log without.
	token func(e *correlate.Event) string
}

// A field is where a value is found: in the event, or at one of several paths of the
// line. A path's steps are members, whatever their case; lists are entered.
type field struct {
	event func(e *correlate.Event) string
	paths []string
	// param names an element of the list at the path, by its member "name", whose
	// value is meant.
	param string
	// gate says that the field is what the log's token is.
	gate bool
	// words are values as rules write them, in lower case, and as the log does.
	words map[string]string

	// key is the same for fields that have the same values.
	key string
	// direct are those of paths that can be looked up as they are written, and "". tops
	// are the first steps of those whose first step is spelled as the log spells it.
	direct, tops []string
}

// ready completes a field that rules call name; spelled are the members that are known
// to be spelled so at the top of a line, nil for all.
func (f field) ready(name string, spelled []string) *field {
	f.key = strings.Join(f.paths, " ") + " " + f.param
	if f.event != nil {
		f.key += " " + name
	}
	f.direct, f.tops = make([]string, len(f.paths)), make([]string, len(f.paths))
	for i, p := range f.paths {
		if !plainPath(p) {
			continue
		}
		f.direct[i] = p
		if top, _, _ := strings.Cut(p, "."); spelled == nil || slices.Contains(spelled, top) {
			f.tops[i] = top
		}
	}
	return &f
}

// plainPath reports whether a path means the same to gjson as it does here, as far as
// it finds anything.
func plainPath(p string) bool {
	for step := range strings.SplitSeq(p, ".") {
		if step == "" || '0' <= step[0] && step[0] <= '9' {
			return false
		}
		for _, c := range []byte(step) {
			if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

func at(paths ...string) field { return field{paths: paths} }

func action(e *correlate.Event) string { return e.Action }

func agent(e *correlate.Event) string { return e.Context.Agent }

// afterLast is what follows the last sep of an event's action.
func afterLast(sep string) func(e *correlate.Event) string {
	return func(e *correlate.Event) string { return e.Action[strings.LastIndex(e.Action, sep)+1:] }
}

// logs is a function to keep the table out of the package's memory while nobody
// uses Sigma. The names in it are those of the rules that Sigma publishes, the paths
// those of the formats that the decoders of sources/ cite.
func logs() []*log {
	return []*log{
		{
			source: "aws.cloudtrail", product: "aws", services: []string{"cloudtrail"},
			open: words(`additionalEventData addendum apiVersion awsRegion edgeDeviceDetails errorCode errorMessage eventCategory eventContext
				eventID eventName eventSource eventTime eventType eventVersion insightDetails managementEvent readOnly recipientAccountId
				requestID requestParameters resources responseElements serviceEventDetails sessionCredentialFromConsole sharedEventID
				sourceIPAddress tlsDetails userAgent userIdentity vpcEndpointId vpcEndpointAccountId`),
			fields: map[string]field{
				"eventname": {event: afterLast(":"), gate: true},
				"useragent": {event: agent},
			},
			token: afterLast(":"),
		},
		{
			source: "okta.system_log", product: "okta", services: []string{"okta"},
			open: words(`actor authenticationContext client debugContext displayMessage eventType legacyEventType outcome published
				request securityContext severity target transaction uuid version`),
			fields: map[string]field{"eventtype": {event: action, gate: true}},
			token:  action,
		},
		{
			source: "github.audit", product: "github", services: []string{"audit"},
			open: words(`@timestamp _document_id action actor actor_id actor_ip actor_is_agent actor_is_bot actor_location business business_id
				created_at deploy_key_fingerprint environment_name event explanation external_identity_nameid external_identity_username
				fingerprint hashed_token head_branch head_sha hook_id integration integration_id is_hosted_runner job_name job_workflow_ref
				key name old_name old_permission old_user operation_type org org_id overridden_codes permission programmatic_access_type
				public_repo pull_request_id pull_request_title reasons repo repository repository_id repository_selection request_category
				run_attempt run_number runner_group_name runner_id runner_labels runner_name secrets_passed source_version started_at
				team token_id token_scopes transport_protocol transport_protocol_name trigger_id user user_agent user_id visibility
				workflow_id workflow_run_id`),
			fields: map[string]field{"action": {event: action, gate: true}},
			token:  action,
		},
		{
			source: "kubernetes.audit", product: "kubernetes", services: []string{"audit"},
			open: words(`annotations apiVersion auditID authenticationMetadata impersonatedUser kind level objectRef requestObject requestReceivedTimestamp
				requestURI responseObject responseStatus sourceIPs stage stageTimestamp user userAgent verb`),
			fields: map[string]field{
				"verb":         {event: afterLast("."), gate: true},
				"apigroup":     at("objectRef.apiGroup"),
				"hostpath":     at("requestObject.spec.volumes.hostPath.path", "requestObject.spec.template.spec.volumes.hostPath.path"),
				"capabilities": at("requestObject.spec.containers.securityContext.capabilities.add"),
				"useragent":    {event: agent},
			},
			token: afterLast("."),
		},
		{
			source: "bitbucket.audit", product: "bitbucket", services: []string{"audit"},
			open: words(`affectedObjects auditType author changedValues extraAttributes method node source system timestamp version`),
		},
		{
			source: "m365.audit", product: "m365", services: []string{"audit", "exchange", "threat_management"},
			open: words(`Actor ActorContextId ActorIpAddress AppAccessContext ApplicationId AzureActiveDirectoryEventType ClientAppId ClientIP ClientIPAddress
				ClientInfoString CreationTime DeliveryAction DeviceProperties Directionality ErrorNumber ExtendedProperties ExternalAccess Folders Id
				InterSystemsId IntraSystemId ItemType LogonError LogonType LogonUserSid MailboxGuid MailboxOwnerUPN ModifiedProperties ObjectId
				Operation OperationProperties OrganizationId OrganizationName OriginatingServer Parameters Policy RecordType ResultStatus
				SessionId Site SiteUrl SourceFileName SourceRelativeUrl Subject Target TargetContextId UserAgent UserId UserKey UserType Version
				Workload`),
			fields: map[string]field{
				"operation":   {event: action, gate: true},
				"requesttype": {paths: []string{"ExtendedProperties"}, param: "RequestType"},
			},
			token: action,
		},
		gcpLog(), workspaceLog("admin"), workspaceLog("login"), workspaceCloudLog("admin"), workspaceCloudLog("login"),
		entraAuditLog(), entraSigninLog(), azureActivityLog(),
	}
}

// logsOf are the sources that hold the log which a rule is about. Sigma names a log
// by product and service; what a rule leaves out is any.
func logsOf(l sigma.Logsource) (found []*log) {
	for _, candidate := range logs() {
		if candidate.product != strings.ToLower(l.Product) {
			continue
		}
		for _, s := range candidate.services {
			if s == strings.ToLower(cmp.Or(l.Service, s)) {
				found = append(found, candidate)
				break
			}
		}
	}
	return found
}

func words(s string) []string { return strings.Fields(s) }
