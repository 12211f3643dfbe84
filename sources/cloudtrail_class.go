package sources

import (
	"strings"

	"whence/correlate"
)

// A cloudtrailRule gives a class to actions of one service. A name may hold one *
// for any run of characters: API versions are part of some names.
type cloudtrailRule struct {
	class  correlate.Class
	always bool // for calls that only read, too
	names  []string
}

// cloudtrailClasses are the rules of each service; the first that fits counts.
// What no rule fits is read or write.
var cloudtrailClasses = map[string][]cloudtrailRule{
	// Sign-in and credentials for sessions.
	"sts":              {{correlate.Auth, true, []string{"*"}}},
	"signin":           {{correlate.Auth, true, []string{"*"}}},
	"sso-oauth":        {{correlate.Auth, true, []string{"*"}}},
	"sso-oidc":         {{correlate.Auth, true, []string{"*"}}},
	"eks-auth":         {{correlate.Auth, true, []string{"*"}}},
	"cognito-identity": {{correlate.Auth, true, []string{"GetCredentialsForIdentity", "GetOpenIdToken*", "GetId"}}},
	"cognito-idp":      {{correlate.Auth, true, []string{"*InitiateAuth", "*RespondToAuthChallenge", "Token_*", "Login_*", "SignUp", "ForgotPassword"}}},
	"sso":              {{correlate.Auth, true, []string{"Authenticate", "Federate", "GetRoleCredentials", "Logout"}}, cloudtrailAdminCalls},
	"rolesanywhere":    {{correlate.Auth, true, []string{"CreateSession"}}, cloudtrailAdminCalls},

	// Calls that hand out a secret.
	"secretsmanager": {{correlate.Secret, true, []string{"GetSecretValue", "BatchGetSecretValue"}}},
	"acm":            {{correlate.Secret, true, []string{"ExportCertificate"}}},
	"codeartifact":   {{correlate.Secret, true, []string{"GetAuthorizationToken"}}},
	"redshift":       {{correlate.Secret, true, []string{"GetClusterCredentials*"}}},
	"lightsail":      {{correlate.Secret, true, []string{"GetInstanceAccessDetails", "DownloadDefaultKeyPair"}}},
	"ecr": {
		{correlate.Secret, true, []string{"GetAuthorizationToken"}},
		{correlate.Deploy, false, []string{"PutImage"}},
	},
	"ec2": {
		{correlate.Secret, true, []string{"GetPasswordData"}},
		{correlate.Admin, false, []string{
			"*SecurityGroup*", "*NetworkAcl*", "*FlowLogs", "ModifyImageAttribute", "ModifySnapshotAttribute", "ModifyInstanceMetadataOptions",
			"*IamInstanceProfile*", "*SerialConsoleAccess", "*EbsEncryptionByDefault", "*BlockPublicAccess", "CreateTrafficMirror*",
			"*VpcPeeringConnection*", "*TransitGateway*Attachment*",
		}},
	},
	// Other calls of KMS that change something are about keys and who may use them.
	"kms": {
		{correlate.Secret, true, []string{"Decrypt", "GenerateDataKey", "GenerateDataKeyPair", "DeriveSharedSecret"}},
		{correlate.Write, false, []string{"Encrypt", "ReEncrypt", "GenerateDataKey*", "Sign", "GenerateMac"}},
		cloudtrailAdminCalls,
	},
	"ssm": {{correlate.Admin, false, []string{"ModifyDocumentPermission", "UpdateServiceSetting"}}},

	// Models and the tools of agents.
	"bedrock":               cloudtrailModelCalls,
	"bedrock-runtime":       cloudtrailModelCalls,
	"bedrock-agent-runtime": cloudtrailModelCalls,
	"sagemaker-runtime":     {{correlate.Model, true, []string{"InvokeEndpoint*"}}},
	"bedrock-agentcore": {
		{correlate.Model, true, []string{"InvokeAgentRuntime*"}},
		{correlate.Tool, true, []string{"InvokeGateway*", "InvokeCodeInterpreter*", "StartBrowserSession", "StartCodeInterpreterSession"}},
	},
	"sagemaker": {
		{correlate.Model, true, []string{"InvokeEndpoint*"}},
		{correlate.Deploy, false, []string{"CreateEndpoint*", "UpdateEndpoint*"}},
	},

	// Bringing code or infrastructure into use.
	"codedeploy":       {{correlate.Deploy, false, []string{"Create*", "Update*", "StopDeployment", "ContinueDeployment"}}},
	"cloudformation":   {{correlate.Deploy, false, []string{"Create*", "Update*", "DeleteStack*", "ExecuteChangeSet", "RollbackStack", "ContinueUpdateRollback"}}},
	"lambda":           {{correlate.Deploy, false, []string{"CreateFunction*", "UpdateFunctionCode*", "UpdateFunctionConfiguration*", "Publish*", "CreateAlias*", "UpdateAlias*"}}},
	"ecs":              {{correlate.Deploy, false, []string{"CreateService", "UpdateService*", "RegisterTaskDefinition", "CreateTaskSet", "UpdateTaskSet"}}},
	"eks":              {{correlate.Deploy, false, []string{"CreateAddon", "UpdateAddon", "UpdateClusterVersion", "UpdateNodegroupVersion"}}, {correlate.Admin, false, []string{"*AccessEntry", "*AccessPolicy", "*PodIdentityAssociation"}}},
	"apprunner":        {{correlate.Deploy, false, []string{"CreateService", "UpdateService", "StartDeployment"}}},
	"elasticbeanstalk": {{correlate.Deploy, false, []string{"CreateApplicationVersion", "CreateEnvironment", "UpdateEnvironment", "SwapEnvironmentCNAMEs"}}},
	"codepipeline":     {{correlate.Deploy, false, []string{"StartPipelineExecution", "RetryStageExecution", "RollbackStage"}}},
	"codebuild":        {{correlate.Deploy, false, []string{"StartBuild*"}}},
	"amplify":          {{correlate.Deploy, false, []string{"CreateDeployment", "StartDeployment", "StartJob"}}},
	"apigateway":       {{correlate.Deploy, false, []string{"CreateDeployment", "CreateStage", "UpdateStage"}}},
	"appconfig":        {{correlate.Deploy, false, []string{"StartDeployment"}}},
	"states":           {{correlate.Deploy, false, []string{"CreateStateMachine*", "UpdateStateMachine*", "PublishStateMachineVersion"}}},

	// Who may do what, and who watches it.
	"iam": {cloudtrailAdminCalls}, "organizations": {cloudtrailAdminCalls}, "account": {cloudtrailAdminCalls},
	"sso-directory": {cloudtrailAdminCalls}, "identitystore": {cloudtrailAdminCalls}, "ram": {cloudtrailAdminCalls},
	"access-analyzer": {cloudtrailAdminCalls}, "controltower": {cloudtrailAdminCalls}, "cloudtrail": {cloudtrailAdminCalls},
	"config": {cloudtrailAdminCalls}, "guardduty": {cloudtrailAdminCalls}, "securityhub": {cloudtrailAdminCalls},
	"macie": {cloudtrailAdminCalls}, "macie2": {cloudtrailAdminCalls}, "inspector2": {cloudtrailAdminCalls},
	"detective": {cloudtrailAdminCalls}, "fms": {cloudtrailAdminCalls}, "waf": {cloudtrailAdminCalls},
	"wafv2": {cloudtrailAdminCalls}, "waf-regional": {cloudtrailAdminCalls}, "network-firewall": {cloudtrailAdminCalls},
	"shield": {cloudtrailAdminCalls}, "acm-pca": {cloudtrailAdminCalls}, "route53resolver": {cloudtrailAdminCalls},
	"s3": {{correlate.Admin, false, []string{
		"*BucketPolicy", "PutBucketAcl", "PutObjectAcl", "*PublicAccessBlock", "PutBucketLogging", "*BucketEncryption",
		"*BucketReplication", "PutBucketVersioning", "*BucketLifecycle*", "*OwnershipControls", "*AccessPoint*",
	}}},
	"logs": {{correlate.Admin, false, []string{"DeleteLogGroup", "DeleteLogStream", "*RetentionPolicy", "*SubscriptionFilter", "*Destination*"}}},
}

// cloudtrailAdminCalls are all calls of a service that change something.
var cloudtrailAdminCalls = cloudtrailRule{correlate.Admin, false, []string{"*"}}

var cloudtrailModelCalls = []cloudtrailRule{
	{correlate.Model, true, []string{
		"InvokeModel*", "Converse*", "InvokeAgent", "InvokeInlineAgent", "InvokeFlow", "RetrieveAndGenerate*", "StartAsyncInvoke", "CreateModelInvocationJob",
	}},
	{correlate.Admin, false, []string{"*Guardrail*", "*ModelInvocationLogging*", "*FoundationModelEntitlement", "*FoundationModelAgreement", "PutUseCaseForModelAccess"}},
}

// cloudtrailAnyService are permissions on a resource, in every service.
var cloudtrailAnyService = cloudtrailRule{correlate.Admin, false, []string{
	"Put*Policy", "Set*Policy", "Delete*Policy", "Attach*Policy", "Detach*Policy", "AddPermission*", "RemovePermission*", "AddRoleTo*",
	"ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute", "AuthorizeDBSecurityGroupIngress", "*ActivityStream",
}}

func (e *cloudtrailEvent) class() correlate.Class {
	switch {
	case e.call.secrets && e.Request.decrypts():
		return correlate.Secret
	case e.readOnly:
		return e.directly(e.call.ifReads)
	}
	return e.directly(e.call.class)
}

// directly takes KMS calls that a service makes in the caller's name, to read an
// encrypted object or log group, for a part of that read: no secret is handed out.
func (e *cloudtrailEvent) directly(c correlate.Class) correlate.Class {
	if e.service.name != "kms" || c != correlate.Secret || e.Identity.InvokedBy == "" && !strings.HasSuffix(e.SourceIP, ".amazonaws.com") && e.SourceIP != "AWS Internal" {
		return c
	}
	if e.readOnly {
		return correlate.Read
	}
	return correlate.Write
}

func (r *cloudtrailRule) fits(name string, readOnly bool) bool {
	if readOnly && !r.always {
		return false
	}
	for _, n := range r.names {
		if cloudtrailFits(n, name) {
			return true
		}
	}
	return false
}

// cloudtrailFits matches a name against a pattern: * stands for any run.
func cloudtrailFits(pattern, name string) bool {
	before, after, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == name
	}
	if !strings.HasPrefix(name, before) {
		return false
	}
	name = name[len(before):]
	if !strings.Contains(after, "*") {
		return strings.HasSuffix(name, after)
	}
	for i := range len(name) + 1 {
		if cloudtrailFits(after, name[i:]) {
			return true
		}
	}
	return false
}

// cloudtrailReadVerbs begin the names of calls that only read, for older events
// that do not say so.
var cloudtrailReadVerbs = [...]string{
	"Get", "List", "Describe", "Head", "BatchGet", "Lookup", "Search", "Query", "Scan", "Select", "Check", "Simulate", "Validate",
	"Preview", "Estimate", "Download", "Test", "View",
}

// reads is what the event says of itself, or what its name suggests.
func (e *cloudtrailEvent) reads() bool {
	switch said := e.text(e.ReadOnly); {
	case e.EventType == cloudtrailInsight:
		return true // an observation
	case strings.EqualFold(said, "true"):
		return true
	case strings.EqualFold(said, "false"):
		return false
	}
	return e.call.reads
}
